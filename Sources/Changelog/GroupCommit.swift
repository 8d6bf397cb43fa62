public import Platform

/// Makes the logs of one server durable together: however many have something to sync, they share
/// one sync of the disk.
///
/// Whoever comes while a sync is under way waits for the next one, which begins after it came: the
/// sync under way says nothing about what it wrote. So an acknowledgement costs one or two syncs,
/// and not one for each log that is written to (group commit: DeWitt et al., "Implementation
/// Techniques for Main Memory Database Systems", SIGMOD 1984).
public final class GroupCommit {
    private struct Request {
        var file: any File
        var bytes: [UInt8]
        var offset: Int64
        var done: Wait<DiskError?>
    }

    private let machine: Machine
    private var requests: [Request] = []
    private var isWriting = false

    public init(_ machine: Machine) { self.machine = machine }

    /// Writes bytes at an offset and makes the file durable.
    ///
    /// Throws the `DiskError` of its own write, or of the sync that it took part in: then the file
    /// is in doubt, even where the error was another file's.
    func write(_ bytes: [UInt8], to file: any File, at offset: Int64) async throws {
        precondition(offset >= 0, "a write before the file's start")
        let failure = try await machine.lifetime.wait { (wait: Wait<DiskError?>) in
            requests.append(Request(file: file, bytes: bytes, offset: offset, done: wait))
            if isWriting { return }
            isWriting = true
            machine.spawn("group commit") { try await self.writeAll() }
        }
        if let failure { throw failure }
    }

    private func writeAll() async throws {
        defer { isWriting = false }
        while !requests.isEmpty {
            let group = requests
            requests.removeAll()
            if group.count == 1 {
                let failure = try await attempt {
                    try await group[0].file.writeDurably(group[0].bytes, at: group[0].offset)
                }
                group[0].done.resume(returning: failure)
            } else {
                try await commit(group)
            }
        }
    }

    private func commit(_ group: [Request]) async throws {
        var written: [Request] = []
        for request in group {
            let failure = try await attempt {
                try await request.file.write(request.bytes, at: request.offset)
            }
            if failure == nil {
                written.append(request)
            } else {
                request.done.resume(returning: failure)
            }
        }
        if written.isEmpty { return }
        let failure = try await attempt { try await machine.disk.sync(written.map(\.file)) }
        for request in written { request.done.resume(returning: failure) }
    }

    private func attempt(_ work: () async throws -> Void) async throws -> DiskError? {
        do { try await work() } catch let error as DiskError { return error }
        return nil
    }
}
