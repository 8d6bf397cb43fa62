import Glibc

/// A file system in memory that is mounted at a folder and can be made to be full.
///
/// Mounts are made in a name space of this process and those that it starts, which the kernel takes
/// away with the last of them: nothing is left behind, however they end. Only root may mount.
public final class SmallFileSystem {
    public let path: String
    private let byteCount: Int

    /// Gives this process mounts of its own; before it has threads that need to see them.
    ///
    /// - Returns: False where that is not allowed.
    public static func separate() -> Bool {
        let newMounts: Int32 = 0x0002_0000
        let recursive: UInt = 1 << 14
        let isPrivate: UInt = 1 << 18
        return geteuid() == 0 && unshare(newMounts) == 0
            && Host.mount("none", "/", nil, recursive | isPrivate, nil) == 0
    }

    /// - Throws: `HostError.folder` if the kernel refuses.
    public init(at path: String, byteCount: Int) throws(HostError) {
        self.path = path
        self.byteCount = byteCount
        try mount(byteCount, isAgain: false)
    }

    private func mount(_ byteCount: Int, isAgain: Bool) throws(HostError) {
        let again: UInt = 32
        let options = "size=\(byteCount),mode=0755"
        let code = options.withCString {
            Host.mount("wavetank", path, "tmpfs", isAgain ? again : 0, $0)
        }
        if code != 0 {
            throw .folder(path: path, reason: "mount: \(String(cString: strerror(errno)))")
        }
    }

    private var usedBytes: Int {
        var status = statvfs()
        if statvfs(path, &status) != 0 { return 0 }
        return Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize)
    }

    /// From now on nothing more fits, or only so much as is in `budget`.
    public func limit(to budget: Int = 0) throws(HostError) {
        // Whoever writes meanwhile may need another page: a size below what is used is refused.
        var room = 0
        while true {
            do throws(HostError) {
                try mount(max(budget, usedBytes + room, 4096), isAgain: true)
                return
            } catch {
                room += 64 * 1024
                if room > 16 * 1024 * 1024 { throw error }
            }
        }
    }

    /// Gives back the room that it had.
    public func widen() throws(HostError) { try mount(byteCount, isAgain: true) }

    /// Takes it away with all that is on it; who uses it still keeps it till the end.
    public func remove() { _ = umount2(path, 2) }
}

/// `unshare(2)`, which Glibc declares for GNU sources only.
@_silgen_name("unshare")
private func unshare(_ flags: Int32) -> Int32

@_silgen_name("mount")
private func mount(
    _ source: UnsafePointer<CChar>?, _ target: UnsafePointer<CChar>,
    _ type: UnsafePointer<CChar>?, _ flags: UInt, _ data: UnsafeRawPointer?
) -> Int32

@_silgen_name("umount2")
private func umount2(_ target: UnsafePointer<CChar>, _ flags: Int32) -> Int32
