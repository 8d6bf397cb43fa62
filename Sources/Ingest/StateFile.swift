import Glibc

/// A small file that is replaced as a whole: after a crash it is what it was before, or after.
///
/// While it is open no other process opens it: of a file beside it, named with `.lock` at its end,
/// this one holds the lock.
public final class StateFile {
    public let path: String
    private let lock: Int32

    /// - Throws: `IngestError.state` if it cannot be locked, as where another process has it.
    public init(_ path: String) throws(IngestError) {
        self.path = path
        lock = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if lock < 0 {
            throw .state(
                path: path,
                reason: "cannot be written: \(Self.systemReason()); name another with --state")
        }
        if flock(lock, LOCK_EX | LOCK_NB) != 0 {
            throw .state(path: path, reason: "another process works with it")
        }
    }

    deinit {
        close(lock)
    }

    /// What it holds; nil if it is not there.
    func read() throws(IngestError) -> [UInt8]? {
        do throws(FileFailure) {
            let file = try OpenFile(path)
            return try file.read(at: 0, count: Int(file.byteCount))
        } catch {
            if error.code == ENOENT { return nil }
            throw .state(path: path, reason: "cannot be read: \(error.reason)")
        }
    }

    /// Replaces what it holds; it is on the disk when this returns.
    func write(_ bytes: [UInt8]) throws(IngestError) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw failure() }
        defer { close(descriptor) }
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { rest in
                Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { throw failure() }
            start += count
        }
        if fsync(descriptor) != 0 || rename(temporary, path) != 0 { throw failure() }
        // The new name has to last as well.
        let end = path.lastIndex(of: "/")
        let folder = open(end.map { String(path[...$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
        if folder < 0 { throw failure() }
        defer { close(folder) }
        if fsync(folder) != 0 { throw failure() }
    }

    private func failure() -> IngestError {
        .state(path: path, reason: "cannot be written: \(Self.systemReason())")
    }

    private static func systemReason() -> String { String(cString: strerror(errno)) }
}
