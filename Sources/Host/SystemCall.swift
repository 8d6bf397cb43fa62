import Glibc

/// A system call that failed.
struct SystemCallError: Error, CustomStringConvertible {
    var code: Int32
    var operation: String

    var description: String { "\(operation) failed: \(String(cString: strerror(code)))" }
}

/// Makes a system call, again while a signal interrupts it.
@discardableResult
func systemCall(_ operation: String, _ call: () -> Int) throws(SystemCallError) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemCallError(code: code, operation: operation) }
    }
}

/// An open file that is closed when the last user lets go of it.
final class Descriptor: Sendable {
    let number: Int32

    init(_ path: String, _ flags: Int32) throws(SystemCallError) {
        number = Int32(
            try systemCall("open") { Int(open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)) })
    }

    // An error here says nothing that sync has not said before.
    deinit { Glibc.close(number) }

    func status() throws(SystemCallError) -> stat {
        var status = stat()
        try systemCall("stat") { Int(fstat(number, &status)) }
        return status
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    func read(at offset: Int64, count: Int) throws(SystemCallError) -> [UInt8] {
        // The count may be far beyond the end: do not ask for memory that nothing will fill.
        let present = max(0, Int64(try status().st_size) - offset)
        let wanted = Int(min(Int64(count), present))
        if wanted == 0 { return [] }
        var failure: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            do throws(SystemCallError) {
                while filled < wanted {
                    let rest = buffer.baseAddress! + filled
                    let count = try systemCall("read") {
                        pread(number, rest, wanted - filled, Int(offset) + filled)
                    }
                    if count == 0 { return }
                    filled += count
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// What `read` would return, if all of it is in the page cache; nil if the device would have to
    /// be waited for.
    func readCached(at offset: Int64, count: Int) -> [UInt8]? {
        guard let readVector = Self.preadv2 else { return nil }
        var got = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var part = iovec(iov_base: buffer.baseAddress, iov_len: count)
            // Any error, such as EAGAIN or a file system without RWF_NOWAIT, is for `read` to meet.
            got = max(0, readVector(number, &part, 1, Int(offset), Self.withoutWaiting))
            filled = got
        }
        if got == count { return bytes }
        // Less came: is it the file that ends here, or the page cache?
        let end = try? status().st_size
        return got > 0 && end.map { Int($0) <= Int(offset) + got } == true ? bytes : nil
    }

    /// RWF_NOWAIT (Linux 4.14).
    private static let withoutWaiting: Int32 = 8

    /// The C library has it, but its headers hide it from Swift; nil where it is missing.
    private static let preadv2: ReadVector? = dlsym(dlopen(nil, RTLD_NOW), "preadv2")
        .map { unsafeBitCast($0, to: ReadVector.self) }

    private typealias ReadVector =
        @convention(c) (Int32, UnsafePointer<iovec>, Int32, Int, Int32) -> Int

    func write(_ bytes: [UInt8], at offset: Int64) throws(SystemCallError) {
        var failure: SystemCallError?
        bytes.withUnsafeBytes { buffer in
            var written = 0
            do throws(SystemCallError) {
                while written < buffer.count {
                    let rest = buffer.baseAddress! + written
                    written += try systemCall("write") {
                        pwrite(number, rest, buffer.count - written, Int(offset) + written)
                    }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    func sync() throws(SystemCallError) { try systemCall("sync") { Int(fdatasync(number)) } }
}

/// What has a name in a folder.
enum NameKind {
    case file
    case folder
    case other

    /// The kind of what is at `path`, nil if nothing is.
    static func of(_ path: String) throws(SystemCallError) -> NameKind? {
        var status = stat()
        do throws(SystemCallError) {
            try systemCall("stat") { Int(lstat(path, &status)) }
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw error
        }
        return NameKind(mode: status.st_mode)
    }

    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        default: self = .other
        }
    }
}

/// The names in a folder and what they are, in no order.
func names(in folder: String) throws(SystemCallError) -> [(name: String, kind: NameKind)] {
    guard let stream = opendir(folder) else {
        throw SystemCallError(code: errno, operation: "list")
    }
    defer { closedir(stream) }
    var found: [(name: String, kind: NameKind)] = []
    while true {
        errno = 0
        guard let entry = readdir(stream) else {
            if errno != 0 { throw SystemCallError(code: errno, operation: "list") }
            return found
        }
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name == "." || name == ".." { continue }
        switch Int(entry.pointee.d_type) {
        case Int(DT_REG): found.append((name, .file))
        case Int(DT_DIR): found.append((name, .folder))
        default:
            if let kind = try NameKind.of(folder + "/" + name) { found.append((name, kind)) }
        }
    }
}

/// Makes the names in a folder durable.
func syncFolder(_ path: String) throws(SystemCallError) {
    let folder = try Descriptor(path, O_RDONLY | O_DIRECTORY)
    try systemCall("sync") { Int(fsync(folder.number)) }
}

/// Makes the folder `root + path` and its parents below `root`; those that exist are left alone.
///
/// `ENOTDIR` if something else has one of the names.
func makeFolders(_ path: String, root: String) throws(SystemCallError) {
    var current = root
    for part in path.split(separator: "/") {
        current += "/" + part
        do throws(SystemCallError) {
            try systemCall("mkdir") { Int(mkdir(current, 0o755)) }
        } catch {
            if error.code != EEXIST { throw error }
            // A link to a folder will do.
            var status = stat()
            try systemCall("stat") { Int(stat(current, &status)) }
            if status.st_mode & S_IFMT != S_IFDIR {
                throw SystemCallError(code: ENOTDIR, operation: "mkdir")
            }
        }
    }
}

/// `syncfs(2)`, which Glibc declares for GNU sources only.
@_silgen_name("syncfs")
func syncfs(_ descriptor: Int32) -> Int32
