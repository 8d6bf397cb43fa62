import Foundation
import Host
import Platform
import Simulation
import Testing

/// In which world a test of the contract runs: what one refuses, the other refuses too.
enum WorldKind: String, CaseIterable, CustomTestStringConvertible {
    case simulated
    case real
    /// A real one with the S3 store that `WAVETANK_TEST_S3` names.
    case s3
    /// A real one with an etcd of its own, the program that `WAVETANK_TEST_ETCD` names.
    case etcd

    /// The two that are always there.
    static let allCases: [WorldKind] = [.simulated, .real]
    static let objectStores = allCases + (environment("WAVETANK_TEST_S3") == nil ? [] : [.s3])
    static let coordinations = allCases + (environment("WAVETANK_TEST_ETCD") == nil ? [] : [.etcd])

    static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the keys of a store are paths of a file system, as SeaweedFS's are: none has an
    /// empty part.
    var hasPathsAlone: Bool {
        self == .s3 && Self.environment("WAVETANK_TEST_S3_PATHS") != nil
    }

    var testDescription: String { rawValue }
}

/// A world as far as both kinds have it in common.
final class EitherWorld {
    private let simulation: SimulationWorld?
    private let host: HostWorld?
    private var names: Set<String> = []
    private var defects: [String] = []

    private init(simulation: SimulationWorld?, host: HostWorld?) {
        self.simulation = simulation
        self.host = host
    }

    /// Runs `body` as the task of the machine `machine-1` in a fresh world.
    static func run(
        _ kind: WorldKind, limit: Duration = .seconds(120),
        configure: (inout HostConfiguration) -> Void = { _ in },
        _ body: @escaping (Machine, EitherWorld) async throws -> Void
    ) throws {
        switch kind {
        case .simulated:
            let world = SimulationWorld(seed: 1)
            try EitherWorld(simulation: world, host: nil).run(limit, body)
        case .real, .s3, .etcd:
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("wavetank-contract-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var configuration = HostConfiguration(folder: folder)
            if kind == .s3 { configuration.s3 = try storeOfItsOwn() }
            var etcd: ServiceProcess?
            if kind == .etcd {
                let service = try ServiceProcess(
                    etcd: try #require(WorldKind.environment("WAVETANK_TEST_ETCD")))
                etcd = service
                configuration.etcd = EtcdConfiguration(
                    addresses: [ServiceAddress(host: "127.0.0.1", port: service.port)])
            }
            defer { etcd?.stop() }
            configure(&configuration)
            let world = try HostWorld(configuration)
            try waitForServices(of: world)
            try EitherWorld(simulation: nil, host: world).run(limit, body)
        }
    }

    /// A service that was just started takes a moment.
    private static func waitForServices(of world: HostWorld) throws {
        for _ in 0..<150 {
            do { return try world.checkServices() } catch { usleep(100_000) }
        }
        try world.checkServices()
    }

    /// The named store, with a prefix that nobody else has.
    static func storeOfItsOwn(_ variable: String = "WAVETANK_TEST_S3") throws -> S3Configuration {
        let url = try #require(WorldKind.environment(variable))
        let environment = ProcessInfo.processInfo.environment
        var store = try S3Configuration.parse(url, environment) {
            FileManager.default.contents(atPath: $0).map { [UInt8]($0) }
        }
        store.prefix = "contract-\(UUID().uuidString)/"
        return store
    }

    private func run(
        _ limit: Duration, _ body: @escaping (Machine, EitherWorld) async throws -> Void
    ) throws {
        var result: Result<Void, any Error>?
        host?.journal.onNote = { [unowned self] in
            if $0.severity == .error { defects.append($0.message) }
        }
        start("machine-1") { machine in
            do { result = .success(try await body(machine, self)) } catch {
                result = .failure(error)
            }
        }
        let isDone =
            simulation?.run(atMost: limit) { result != nil }
            ?? host!.run(atMost: limit) { result != nil }
        simulation?.shutDown()
        host?.shutDown()
        defects += simulation?.journal.notes.filter { $0.severity == .error }.map(\.message) ?? []
        guard isDone, let result else { throw ContractError.notDone(after: limit) }
        if let defect = defects.first { throw ContractError.defect(defect) }
        try result.get()
    }

    /// The vector service of a simulated world.
    var vectors: SimulatedVectors? { simulation?.vectors }

    /// Starts a machine, for the first time or again.
    @discardableResult
    func start(
        _ name: String, _ body: @escaping (Machine) async throws -> Void = { _ in }
    ) -> Machine {
        if let host { return host.start(name, body) }
        if names.insert(name).inserted { simulation!.addMachine(name) }
        return simulation!.start(name, body)
    }

    func crash(_ name: String) {
        host?.crash(name)
        simulation?.crash(name)
    }

    func setMemoryLimit(_ name: String, byteCount: Int) {
        host?.setMemoryLimit(name, byteCount: byteCount)
        simulation?.setMemoryLimit(name, byteCount: byteCount)
    }

    func isRunning(_ name: String) -> Bool {
        host?.isRunning(name) ?? simulation!.isRunning(name)
    }

    /// Calls `action` when a machine has halted by its own decision.
    func onHalt(_ action: @escaping (String) -> Void) {
        host?.onHalt = action
        simulation?.onHalt = action
    }
}

enum ContractError: Error {
    case notDone(after: Duration)
    case defect(String)
}

extension Machine {
    /// Starts `body` and answers a channel that gets its result.
    func result<Value>(
        of body: @escaping () async throws -> Value
    ) -> Channel<Result<Value, any Error>> {
        let channel = Channel<Result<Value, any Error>>(self)
        spawn("part of a test") {
            do { channel.send(.success(try await body())) } catch is Terminated {
                throw Terminated()
            } catch {
                channel.send(.failure(error))
            }
        }
        return channel
    }
}

func text(_ string: String) -> [UInt8] { Array(string.utf8) }
