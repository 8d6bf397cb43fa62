import Glibc
import Platform

/// An open file of a machine.
final class HostFile: File {
    private(set) var path: String
    private let disk: HostDisk
    /// Nil while the file is idle and others need the descriptors.
    private var descriptor: Descriptor?
    private var isClosed = false
    /// Whether `path` still leads to this file.
    private var isNamed = true
    /// Writes begun, and how many of them the last good sync covered.
    private(set) var writeCount = 0
    private var syncedWriteCount = 0

    init(path: String, descriptor: Descriptor, disk: HostDisk) {
        self.path = path
        self.descriptor = descriptor
        self.disk = disk
        disk.openFiles.used(self, isNew: true)
    }

    deinit { disk.openFiles.forget(self) }

    /// As much as is copied on the world's own thread.
    private static let cachedReadLimit = 256 * 1024

    func read(at offset: Int64, count: Int) async throws -> [UInt8] {
        let bytes = try await readBytes(at: offset, count: count)
        disk.counters.count(.diskReads)
        disk.counters.count(.diskReadBytes, bytes.count)
        return bytes
    }

    private func readBytes(at offset: Int64, count: Int) async throws -> [UInt8] {
        if let descriptor, offset >= 0, 0...Self.cachedReadLimit ~= count {
            try check()
            // A copy from the page cache is cheaper than the way to another thread and back.
            if let bytes = descriptor.readCached(at: offset, count: count) {
                disk.openFiles.used(self, isNew: false)
                return bytes
            }
        }
        return try await run { descriptor throws(SystemCallError) in
            if offset < 0 || count < 0 { throw SystemCallError(code: EINVAL, operation: "read") }
            return try descriptor.read(at: offset, count: count)
        }
    }

    func write(_ bytes: [UInt8], at offset: Int64) async throws {
        writeCount += 1
        countWrite(bytes)
        try await run { descriptor throws(SystemCallError) in
            if offset < 0 { throw SystemCallError(code: EINVAL, operation: "write") }
            try descriptor.write(bytes, at: offset)
        }
    }

    func truncate(to size: Int64) async throws {
        writeCount += 1
        try await run { descriptor throws(SystemCallError) in
            _ = try systemCall("truncate") { Int(ftruncate(descriptor.number, Int(size))) }
        }
    }

    func writeDurably(_ bytes: [UInt8], at offset: Int64) async throws {
        writeCount += 1
        countWrite(bytes)
        disk.counters.count(.diskSyncs)
        let covered = writeCount
        try await run { descriptor throws(SystemCallError) in
            if offset < 0 { throw SystemCallError(code: EINVAL, operation: "write") }
            try descriptor.write(bytes, at: offset)
            try descriptor.sync()
        }
        synced(upTo: covered)
    }

    func sync() async throws {
        let covered = writeCount
        disk.counters.count(.diskSyncs)
        try await run { descriptor throws(SystemCallError) in try descriptor.sync() }
        synced(upTo: covered)
    }

    private func countWrite(_ bytes: [UInt8]) {
        disk.counters.count(.diskWrites)
        disk.counters.count(.diskWrittenBytes, bytes.count)
    }

    /// Notes that so many of the writes are durable.
    func synced(upTo count: Int) { syncedWriteCount = max(syncedWriteCount, count) }

    func size() async throws -> Int64 {
        try await run { descriptor throws(SystemCallError) in
            Int64(try descriptor.status().st_size)
        }
    }

    func close() async {
        if isClosed { return }
        isClosed = true
        disk.openFiles.forget(self)
        descriptor = nil
    }

    // MARK: Descriptors

    var machine: String { disk.machine }
    var hasDescriptor: Bool { descriptor != nil }

    /// Whether the descriptor can be given back and had again.
    var isReleasable: Bool {
        descriptor != nil && isNamed && writeCount == syncedWriteCount
    }

    /// Gives the descriptor back; an operation that is under way still has its own hold on it.
    func release() {
        precondition(isReleasable, "\(path) could not be opened again as it is")
        descriptor = nil
    }

    /// From now on another path leads to the file.
    func rename(to target: String) { path = target }

    /// Has a descriptor that lasts, before the path leads to this file no more.
    func keepWithoutName() async throws {
        isNamed = false
        do {
            if !isClosed { _ = try await run { _ throws(SystemCallError) in } }
        } catch {
            isNamed = true
            throw error
        }
    }

    /// The path leads to the file after all.
    func keepsName() { isNamed = true }

    private func check() throws {
        try disk.lifetime.check()
        if isClosed { throw DiskError.closed(path: path) }
    }

    func run<Value>(
        _ call: @escaping @Sendable (Descriptor) throws(SystemCallError) -> Value
    ) async throws -> Value {
        try check()
        let used: Descriptor
        if let descriptor {
            used = descriptor
            disk.openFiles.used(self, isNew: false)
        } else {
            used = try await disk.openDescriptor(path, .existing)
            if isClosed { throw DiskError.closed(path: path) }
            // Another operation may have opened it meanwhile: this one is closed after its use.
            if descriptor == nil {
                descriptor = used
                disk.openFiles.used(self, isNew: true)
            }
        }
        return try await disk.run { [path] in
            do throws(SystemCallError) { return try call(used) } catch {
                throw DiskError(error, path: path)
            }
        }
    }
}
