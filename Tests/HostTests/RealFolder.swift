import Foundation
import Platform

@testable import Host

/// A folder for worlds to live in, one after the other or side by side.
final class RealFolder {
    let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("wavetank-host-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func world() throws -> HostWorld { try HostWorld(HostConfiguration(folder: path)) }

    /// Runs `body` as the task of `machine-1` in a new world over the folder, and ends that world.
    func run<Value>(
        _ body: @escaping (Machine, HostWorld) async throws -> Value
    ) throws -> Value {
        let world = try world()
        defer { world.shutDown() }
        return try world.finish { try await body($0, world) }
    }
}

extension HostWorld {
    /// Runs until the first task of a machine has ended and returns its result.
    func finish<Value>(
        _ name: String = "machine-1", limit: Duration = .seconds(30),
        _ body: @escaping (Machine) async throws -> Value
    ) throws -> Value {
        var result: Result<Value, any Error>?
        start(name) { machine in
            do { result = .success(try await body(machine)) } catch { result = .failure(error) }
        }
        guard run(atMost: limit, until: { result != nil }), let result else {
            throw NotDone(limit: limit)
        }
        return try result.get()
    }
}

struct NotDone: Error { var limit: Duration }

func text(_ string: String) -> [UInt8] { Array(string.utf8) }
