import Glibc

/// What the system says of a file that it does not open or read.
struct FileFailure: Error, Hashable {
    var code: Int32

    var reason: String { String(cString: strerror(code)) }
}

/// A file that is read at any place.
final class OpenFile {
    private let descriptor: Int32
    /// The same as long as it is the same file, whatever its name.
    let inode: UInt64

    init(_ path: String) throws(FileFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw FileFailure(code: errno) }
        var state = stat()
        if fstat(descriptor, &state) != 0 || state.st_mode & S_IFMT == S_IFDIR {
            let code = state.st_mode & S_IFMT == S_IFDIR ? EISDIR : errno
            close(descriptor)
            throw FileFailure(code: code)
        }
        self.descriptor = descriptor
        inode = UInt64(state.st_ino)
    }

    deinit { close(descriptor) }

    /// How long it is now.
    var byteCount: Int64 {
        var state = stat()
        return fstat(descriptor, &state) == 0 ? Int64(state.st_size) : 0
    }

    /// Up to `count` bytes; fewer at the end only.
    func read(at offset: Int64, count: Int) throws(FileFailure) -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            while filled < count {
                let target = buffer.baseAddress.map { $0 + filled }
                let size = pread(descriptor, target, count - filled, Int(offset) + filled)
                if size < 0 && errno == EINTR { continue }
                if size < 0 { failure = errno }
                if size <= 0 { break }
                filled += size
            }
        }
        if let failure { throw FileFailure(code: failure) }
        return bytes
    }

    /// The inode that a path leads to now; nil if there is none.
    static func inode(of path: String) -> UInt64? {
        var state = stat()
        return stat(path, &state) == 0 ? UInt64(state.st_ino) : nil
    }
}
