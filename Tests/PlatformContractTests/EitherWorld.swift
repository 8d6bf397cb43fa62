import Foundation
import Host
import Platform
import Simulation
import Testing

/// In which world a test of the contract runs: what one refuses, the other refuses too.
enum WorldKind: String, CaseIterable, CustomTestStringConvertible {
    case simulated
    case real

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
        _ kind: WorldKind, limit: Duration = .seconds(30),
        _ body: @escaping (Machine, EitherWorld) async throws -> Void
    ) throws {
        switch kind {
        case .simulated:
            let world = SimulationWorld(seed: 1)
            try EitherWorld(simulation: world, host: nil).run(limit, body)
        case .real:
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("wavetank-contract-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let world = try HostWorld(HostConfiguration(folder: folder))
            try EitherWorld(simulation: nil, host: world).run(limit, body)
        }
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
