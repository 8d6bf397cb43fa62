import Host
import KeyValue
import Platform
import Simulation

/// The rows of one bucket on this machine's disk, as a server keeps them: random upserts, random
/// gets of what they left, and a scan of all of it.
///
/// Keys have 16 bytes and begin with zeros, as numbers do; an upsert draws one of as many as there
/// are upserts, so that about a third come twice. The work is that of RocksDB's `db_bench`
/// (`fillrandom`, `readrandom`, `readseq`) with its standard sizes.
public struct RowBenchmark {
    public var rowCount = 1_000_000
    public var valueByteCount = 100
    public var getCount = 200_000

    /// What one kind of work took.
    public struct Row: Sendable {
        public var name: String
        /// Rows that were put, asked for or read.
        public var count: Int
        public var processorSeconds: Double
        public var seconds: Double
    }

    /// Changes that become part of the store together, as those of one batch do.
    private static let batchCount = 100
    private static let pageByteCount = 1 << 20
    private static let folder = "rows"

    public init() {}

    /// Does the work in a folder that holds nothing else.
    ///
    /// - Parameter processorSeconds: A clock of what the process has computed.
    /// - Throws: `HostError` about the folder, or what the disk answered.
    public func run(
        folder: String, _ processorSeconds: @escaping () -> Double
    ) throws -> [Row] {
        try HostWorld(HostConfiguration(folder: folder)).measured {
            try await self.measure($0, processorSeconds)
        }
    }

    private func measure(
        _ machine: Machine, _ processorSeconds: @escaping () -> Double
    ) async throws -> [Row] {
        let store = try await KeyValueStore.open(machine, directory: Self.folder)
        var rows: [Row] = []
        func timed(_ name: String, _ body: () async throws -> Int) async throws {
            let before = (processorSeconds(), machine.clock.now)
            let count = try await body()
            rows.append(
                Row(
                    name: name, count: count,
                    processorSeconds: max(1e-6, processorSeconds() - before.0),
                    seconds: max(
                        1e-6, Double((machine.clock.now - before.1).nanoseconds) / 1e9)))
        }
        try await timed("upsert") { try await upsert(store) }
        try await timed("get") { try await get(store) }
        try await timed("scan") { try await scan(store) }
        try await store.close()
        return rows
    }

    private func upsert(_ store: KeyValueStore) async throws -> Int {
        let random = RandomStream(seed: 1, label: "upserts")
        var done = 0
        while done < rowCount {
            let count = min(Self.batchCount, rowCount - done)
            let changes = (0..<count).map { number in
                KeyValueStore.Change(
                    key: key(random.next(in: 0..<rowCount)), value: value(done + number))
            }
            done += count
            store.apply(changes, upTo: Int64(done), rowCountChange: 0)
            if store.needsFlush { try await store.flush() }
            while store.needsCompaction { _ = try await store.compact() }
        }
        try await store.flush()
        return done
    }

    private func get(_ store: KeyValueStore) async throws -> Int {
        let random = RandomStream(seed: 2, label: "gets")
        var found = 0
        for _ in 0..<getCount {
            if try await store.get(key(random.next(in: 0..<rowCount))) != nil { found += 1 }
        }
        precondition(found > 0, "no key was found")
        return getCount
    }

    private func scan(_ store: KeyValueStore) async throws -> Int {
        let view = try store.view()
        defer { store.close(view) }
        var last: [UInt8]?
        var count = 0
        while true {
            let page = try await view.scan(
                prefix: [], after: last, limit: .max, byteCount: Self.pageByteCount)
            guard let end = page.last else { return count }
            count += page.count
            last = end.key
        }
    }

    private func key(_ number: Int) -> [UInt8] {
        (0..<16).map { $0 < 8 ? 0 : UInt8(truncatingIfNeeded: number >> ((15 - $0) * 8)) }
    }

    /// Bytes that no two rows near each other share, cheap to make.
    private func value(_ number: Int) -> [UInt8] {
        var state = UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15
        return (0..<valueByteCount).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }
}
