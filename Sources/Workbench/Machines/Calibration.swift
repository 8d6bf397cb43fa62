public import Host
import Platform
import ScenarioFiles

/// Measures what this machine's disk, network, object store and databases take, as the engine asks
/// for it, and writes it as a cost model that scenarios can name.
public final class Calibration {
    /// Called with what is measured next.
    public var onProgress: (String) -> Void = { _ in }
    /// By the names of `CostOptions.times`, in the order of measurement.
    private var samples: [String: [Duration]] = [:]
    private var rates: [String: Int] = [:]
    private let world: HostWorld

    /// - Parameter folder: An absolute path; on the file system that is to be measured.
    /// - Throws: `HostError` about the folder.
    public init(folder: String) throws(HostError) {
        world = try HostWorld(HostConfiguration(folder: folder))
    }

    /// The cost model, as a file has it.
    ///
    /// - Throws: what the machine answered where something could not be measured.
    public func run() throws -> String {
        var result: Result<Void, any Error>?
        world.start("other") { try await self.echo($0) }
        world.start("measurement") { machine in
            do {
                try await self.measure(machine)
                result = .success(())
            } catch let error as Terminated {
                throw error
            } catch {
                result = .failure(error)
            }
        }
        let isDone = world.run(atMost: .seconds(300)) { result != nil }
        world.shutDown()
        try result?.get()
        if !isDone { throw HostError.measurement(reason: "it did not end in five minutes") }
        return text
    }

    private func measure(_ machine: Machine) async throws {
        onProgress("disk")
        try await measureDisk(machine)
        try await measureSyncs(machine)
        onProgress("network")
        try await measureNetwork(machine)
        onProgress("object store")
        try await measureObjects(machine)
        onProgress("databases")
        try await measureDatabases(machine)
    }

    private func timed(
        _ name: String, _ machine: Machine, _ body: () async throws -> Void
    ) async throws {
        let start = machine.clock.now
        try await body()
        samples[name, default: []].append(machine.clock.now - start)
    }

    private func rate(
        _ name: String, _ byteCount: Int, _ machine: Machine, _ body: () async throws -> Void
    ) async throws {
        let start = machine.clock.now
        try await body()
        let nanoseconds = max(1, (machine.clock.now - start).nanoseconds)
        rates[name] = Int(Int128(byteCount) * 1_000_000_000 / Int128(nanoseconds))
    }

    // MARK: Disk

    /// As much as a small batch of changes has.
    private static let piece = [UInt8](repeating: 7, count: 4096)
    private static let large = [UInt8](repeating: 7, count: 1 << 20)

    private func measureDisk(_ machine: Machine) async throws {
        let file = try await machine.disk.open("bytes", .any)
        for number in 0..<400 {
            try await timed("diskWrite", machine) {
                try await file.write(Self.piece, at: Int64(number * 4096))
            }
        }
        for number in 0..<400 {
            try await timed("diskRead", machine) {
                _ = try await file.read(at: Int64((number * 37 % 400) * 4096), count: 4096)
            }
        }
        for number in 0..<100 {
            try await timed("diskName", machine) {
                let made = try await machine.disk.open("name-\(number)", .new)
                await made.close()
            }
            try await timed("diskName", machine) {
                try await machine.disk.rename("name-\(number)", to: "renamed-\(number)")
            }
            try await timed("diskName", machine) {
                try await machine.disk.remove("renamed-\(number)")
            }
        }
        try await file.sync()
        try await rate("diskBytesPerSecond", 64 << 20, machine) {
            for number in 0..<64 {
                try await file.write(Self.large, at: Int64(number) << 20)
            }
            try await file.sync()
        }
        await file.close()
    }

    private func measureSyncs(_ machine: Machine) async throws {
        var files: [any File] = []
        for number in 0..<4 { files.append(try await machine.disk.open("log-\(number)", .any)) }
        for number in 0..<200 {
            try await files[0].write(Self.piece, at: Int64(number * 4096))
            try await timed("diskSync", machine) { try await files[0].sync() }
        }
        var several: [Duration] = []
        for number in 0..<50 {
            for file in files { try await file.write(Self.piece, at: Int64(number * 4096)) }
            let start = machine.clock.now
            try await machine.disk.sync(files)
            several.append(machine.clock.now - start)
        }
        let one = Self.middle(samples["diskSync"]!)
        let further = (Self.middle(several) - one) / (files.count - 1)
        samples["diskSyncFile"] = [max(.nanoseconds(1), further)]
        for file in files { await file.close() }
    }

    private static func middle(_ times: [Duration]) -> Duration {
        times.sorted()[times.count / 2]
    }

    // MARK: Network

    private static let port = 7

    private func echo(_ machine: Machine) async throws {
        let listener = try await machine.network.listen(port: Self.port)
        let connection = try await listener.accept()
        while true {
            let frame = try await connection.receive()
            // Of a large one no more than that it came.
            try await connection.send(frame.count > 4096 ? [1] : frame)
        }
    }

    private func measureNetwork(_ machine: Machine) async throws {
        var connection: (any Connection)?
        while connection == nil {
            do {
                connection = try await machine.network.connect(
                    to: Address(host: "other", port: Self.port))
            } catch is NetworkError {
                try await machine.sleep(.milliseconds(10))
            }
        }
        guard let connection else { return }
        let frame = [UInt8](repeating: 1, count: 256)
        for _ in 0..<500 {
            let start = machine.clock.now
            try await connection.send(frame)
            _ = try await connection.receive()
            samples["networkLatency", default: []].append((machine.clock.now - start) / 2)
        }
        try await rate("networkBytesPerSecond", 32 << 20, machine) {
            for _ in 0..<32 { try await connection.send(Self.large) }
            for _ in 0..<32 { _ = try await connection.receive() }
        }
        connection.close()
    }

    // MARK: Services

    private func measureObjects(_ machine: Machine) async throws {
        let store = machine.objectStore
        for number in 0..<100 {
            try await timed("objectRequest", machine) {
                _ = try await store.put(Self.piece, at: "calibration/\(number)", .always)
            }
            try await timed("objectRequest", machine) {
                _ = try await store.get("calibration/\(number)")
            }
        }
        try await rate("objectBytesPerSecond", 32 << 20, machine) {
            for number in 0..<4 {
                let bytes = [UInt8](repeating: 5, count: 8 << 20)
                _ = try await store.put(bytes, at: "calibration/large-\(number)", .always)
            }
        }
    }

    private func measureDatabases(_ machine: Machine) async throws {
        for number in 0..<100 {
            let put = CoordinationTransaction.Operation.put(
                key: "/calibration/\(number % 10)", value: Self.piece.prefix(100).map { $0 },
                lease: nil)
            try await timed("coordinationRequest", machine) {
                _ = try await machine.coordination.commit(
                    CoordinationTransaction(conditions: [], operations: [put]))
            }
            try await timed("coordinationRequest", machine) {
                _ = try await machine.coordination.get("/calibration/\(number % 10)")
            }
        }
        let table = LakeTableName(namespace: "calibration", name: "table")
        _ = try await machine.lakeCatalog.create(table, LakeTableCreation(metadataLocation: "0"))
        for number in 0..<100 {
            try await timed("catalogRequest", machine) {
                _ = try await machine.lakeCatalog.commit(
                    table, .swap(from: "\(number)", to: "\(number + 1)"))
            }
            try await timed("catalogRequest", machine) {
                _ = try await machine.lakeCatalog.load(table)
            }
        }
        _ = try await machine.lakeCatalog.drop(table)
    }

    // MARK: The file

    private var text: String {
        var lines = [
            "# What this machine's disk, loopback, object store and databases take: written by "
                + "wavetank calibrate.",
            "# A scenario names it (costs: FILE), or wavetank run --costs FILE does. Times at 0, "
                + "10, 50, 90, 99 and 100 %.",
        ]
        for (name, _) in CostOptions.times {
            guard let times = samples[name]?.sorted() else { continue }
            let text =
                times.count == 1
                ? Self.written(times[0])
                : "[" + Self.quantiles(times).map(Self.written).joined(separator: ", ") + "]"
            lines.append("\(name): \(text)")
        }
        for (name, _) in CostOptions.rates {
            guard let rate = rates[name] else { continue }
            lines.append("\(name): \(max(1, rate >> 10))KiB")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quantiles(_ sorted: [Duration]) -> [Duration] {
        [0, 10, 50, 90, 99, 100].map { share in
            sorted[min(sorted.count - 1, sorted.count * share / 100)]
        }
    }

    private static func written(_ time: Duration) -> String {
        let nanoseconds = max(1, time.nanoseconds)
        return nanoseconds < 10_000 ? "\(nanoseconds)ns" : "\(nanoseconds / 1000)us"
    }
}
