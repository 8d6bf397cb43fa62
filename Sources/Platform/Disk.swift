/// A machine's local file system.
///
/// The durability rules are POSIX's, at their weakest: written bytes survive a power loss only
/// after `File.sync`, and a created, renamed or removed name only after `syncDirectory` of its
/// folder. A rename over two folders is durable after `syncDirectory` of either.
/// Paths are relative, parts separated by `/`; `.` and `..`, empty parts and parts of more than 255
/// bytes are refused.
public protocol Disk: AnyObject {
    /// Opens a file; `DiskError.notFound` or `.exists` where the mode says so.
    func open(_ path: String, _ mode: OpenMode) async throws -> any File

    /// Gives a file another name, atomically replacing what had it.
    func rename(_ source: String, to target: String) async throws

    /// Removes a file; `DiskError.notFound` if there is none.
    func remove(_ path: String) async throws

    /// The names in a folder, sorted by their UTF-8 bytes; folders end in `/`.
    /// `DiskError.notFound`.
    func list(_ directory: String) async throws -> [String]

    /// Makes a folder and its parents; one that exists already is left as it is.
    func createDirectory(_ directory: String) async throws

    /// Makes the names in a folder durable.
    func syncDirectory(_ directory: String) async throws

    /// As `File.sync` of each of this disk's files, for about the cost of one.
    ///
    /// After an error any of them may be in the state that `File.sync` leaves behind.
    func sync(_ files: [any File]) async throws
}

public enum OpenMode: Hashable, Sendable {
    /// The file must exist.
    case existing
    /// The file must not exist; it is made.
    case new
    /// The file is made if it does not exist.
    case any
}

/// An open file; all offsets and counts are in bytes.
public protocol File: AnyObject {
    var path: String { get }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    func read(at offset: Int64, count: Int) async throws -> [UInt8]

    /// Writes all bytes at `offset`, extending the file with zeros if it is shorter.
    ///
    /// After an error any part of the bytes may have been written.
    func write(_ bytes: [UInt8], at offset: Int64) async throws

    func truncate(to size: Int64) async throws

    /// Makes the file's bytes and size durable.
    ///
    /// After an error the bytes since the last good sync may be lost even though they can still be
    /// read. Syncing again is no cure, writing them again is (Rebello et al., "Can Applications
    /// Recover from fsync Failures?", 2020).
    func sync() async throws

    /// Writes all bytes at `offset` and makes the file durable, in one step where the world can.
    ///
    /// Errors are those of `write` and of `sync`, which cannot be told apart.
    func writeDurably(_ bytes: [UInt8], at offset: Int64) async throws

    func size() async throws -> Int64

    func close() async
}

extension File {
    public func writeDurably(_ bytes: [UInt8], at offset: Int64) async throws {
        try await write(bytes, at: offset)
        try await sync()
    }
}

public enum DiskError: Error, Hashable, Sendable, CustomStringConvertible {
    case notFound(path: String)
    case exists(path: String)
    /// No space is left; free some and try again.
    case full(path: String)
    /// The device failed; what was being written is in doubt.
    case inputOutput(path: String, operation: String)
    /// No more files can be opened now; close some, or raise the limit of open files.
    case tooManyOpenFiles(path: String)
    case invalidPath(String)
    case closed(path: String)

    public var description: String {
        switch self {
        case .notFound(let path): "no such file: \(path)"
        case .exists(let path): "the file exists already: \(path)"
        case .full(let path): "no space left on the disk while writing \(path)"
        case .inputOutput(let path, let operation): "input/output error in \(operation) of \(path)"
        case .tooManyOpenFiles(let path):
            "too many open files to open \(path): raise the limit of open files (ulimit -n)"
        case .invalidPath(let path):
            "not a relative path without empty, dot or overlong parts: \(path)"
        case .closed(let path): "the file is closed: \(path)"
        }
    }
}

/// Checks a path against the rule of `Disk`.
public func validatePath(_ path: String) throws(DiskError) {
    var length = 0
    var dots = 0
    for byte in path.utf8 {
        if byte == UInt8(ascii: "/") {
            if !isName(length: length, dots: dots) { throw .invalidPath(path) }
            (length, dots) = (0, 0)
        } else {
            if byte == 0 { throw .invalidPath(path) }
            length += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }
    }
    if !isName(length: length, dots: dots) { throw .invalidPath(path) }
}

private func isName(length: Int, dots: Int) -> Bool {
    length > 0 && length <= 255 && (length > dots || dots > 2)
}
