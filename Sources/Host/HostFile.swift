import Glibc
import Platform

/// An open file of a machine.
final class HostFile: File {
    let path: String
    private var descriptor: Descriptor?
    private let disk: HostDisk

    init(path: String, descriptor: Descriptor, disk: HostDisk) {
        self.path = path
        self.descriptor = descriptor
        self.disk = disk
    }

    func read(at offset: Int64, count: Int) async throws -> [UInt8] {
        try await run { descriptor throws(SystemCallError) in
            if offset < 0 || count < 0 { throw SystemCallError(code: EINVAL, operation: "read") }
            return try descriptor.read(at: offset, count: count)
        }
    }

    func write(_ bytes: [UInt8], at offset: Int64) async throws {
        try await run { descriptor throws(SystemCallError) in
            if offset < 0 { throw SystemCallError(code: EINVAL, operation: "write") }
            try descriptor.write(bytes, at: offset)
        }
    }

    func truncate(to size: Int64) async throws {
        try await run { descriptor throws(SystemCallError) in
            _ = try systemCall("truncate") { Int(ftruncate(descriptor.number, Int(size))) }
        }
    }

    func sync() async throws {
        try await run { descriptor throws(SystemCallError) in try descriptor.sync() }
    }

    func size() async throws -> Int64 {
        try await run { descriptor throws(SystemCallError) in
            Int64(try descriptor.status().st_size)
        }
    }

    func close() async { descriptor = nil }

    private func opened() throws -> Descriptor {
        try disk.lifetime.check()
        guard let descriptor else { throw DiskError.closed(path: path) }
        return descriptor
    }

    private func run<Value>(
        _ call: @escaping @Sendable (Descriptor) throws(SystemCallError) -> Value
    ) async throws -> Value {
        let descriptor = try opened()
        return try await disk.run { [path] in
            do throws(SystemCallError) { return try call(descriptor) } catch {
                throw DiskError(error, path: path)
            }
        }
    }
}
