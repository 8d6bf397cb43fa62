import Glibc
import Platform

/// A bucket of objects in a folder, shared by all processes that open it.
///
/// An object is written aside, synced and then given its name, so that it is there whole or not at
/// all. Names change under one lock file; only reading goes without. The tag is the file's number,
/// time of writing in nanoseconds and size: each put makes a new file.
struct FolderObjects: Sendable {
    let objects: String
    private let staging: String
    private let lockPath: String

    init(_ configuration: HostConfiguration) throws(SystemCallError) {
        objects = configuration.objectsFolder
        staging = configuration.storeFolder + "/staging"
        lockPath = configuration.storeFolder + "/lock"
        try makeFolders(objects, root: "")
        try makeFolders(staging, root: "")
        _ = try Descriptor(lockPath, O_RDWR | O_CREAT)
        try syncFolder(configuration.storeFolder)
        removeLeftovers()
    }

    // MARK: Requests

    func put(_ bytes: [UInt8], at key: String, _ condition: PutCondition) throws -> ObjectTag {
        let staged = staging + "/\(getpid())-\(UInt64.random(in: .min ... .max))"
        defer { unlink(staged) }
        let tag = try stage(bytes, staged)
        try locked(LOCK_EX) {
            let found = try find(key)
            switch condition {
            case .always: break
            case .ifAbsent:
                if found != nil { throw ObjectStoreError.preconditionFailed(key: key) }
            case .ifMatches(let expected):
                guard let found else { throw ObjectStoreError.notFound(key: key) }
                if found.tag != expected { throw ObjectStoreError.preconditionFailed(key: key) }
            }
            let path = ObjectPath(key: key)
            let place = try makeRoom(for: path)
            if condition == .ifAbsent {
                // Refuses what appeared without the lock, too.
                do throws(SystemCallError) {
                    try systemCall("link") { Int(link(staged, place)) }
                } catch {
                    if error.code != EEXIST { throw error }
                    throw ObjectStoreError.preconditionFailed(key: key)
                }
            } else {
                try systemCall("rename") { Int(rename(staged, place)) }
            }
            do { try syncFolder(objects + "/" + path.folder) } catch {
                throw ObjectStoreError.outcomeUnknown(key: key)
            }
        }
        return tag
    }

    func get(_ key: String) throws -> [UInt8] {
        let (file, status) = try opened(key)
        return try file.read(at: 0, count: Int(status.st_size))
    }

    func get(_ key: String, range: Range<Int64>) throws -> [UInt8] {
        let (file, status) = try opened(key)
        let size = Int64(status.st_size)
        if range.lowerBound >= size {
            throw ObjectStoreError.invalidRequest(
                key: key, reason: "range begins past the end at \(size)")
        }
        let end = min(range.upperBound, size)
        return try file.read(at: range.lowerBound, count: Int(end - range.lowerBound))
    }

    func head(_ key: String) throws -> ObjectDescription? {
        do {
            return Self.describe(key, try opened(key).status)
        } catch ObjectStoreError.notFound {
            return nil
        }
    }

    func delete(_ key: String) throws {
        try locked(LOCK_EX) {
            guard let found = try find(key) else { return }
            try systemCall("removal") { Int(unlink(found.place)) }
            let path = ObjectPath(key: key)
            do { try syncFolder(objects + "/" + path.folder) } catch {
                throw ObjectStoreError.outcomeUnknown(key: key)
            }
            // Folders are no objects: the last one out takes them along.
            var folders = path.folders
            while !folders.isEmpty && rmdir(objects + "/" + folders.joined(separator: "/")) == 0 {
                folders.removeLast()
            }
        }
    }

    // MARK: Names

    /// Runs `body` while no other process changes a name.
    func locked<Value>(_ kind: Int32, _ body: () throws -> Value) throws -> Value {
        let lock = try Descriptor(lockPath, O_RDWR | O_CREAT)
        try systemCall("lock") { Int(flock(lock.number, kind)) }
        return try withExtendedLifetime(lock) { try body() }
    }

    /// Where a key's object is, and its tag.
    private func find(_ key: String) throws -> (place: String, tag: ObjectTag)? {
        let path = ObjectPath(key: key)
        for place in [path.plain, path.displaced].map({ objects + "/" + $0 }) {
            var status = stat()
            if lstat(place, &status) == 0 {
                if NameKind(mode: status.st_mode) == .file { return (place, Self.tag(status)) }
            } else if errno != ENOENT && errno != ENOTDIR {
                throw SystemCallError(code: errno, operation: "stat")
            }
        }
        return nil
    }

    private func opened(_ key: String) throws -> (file: Descriptor, status: stat) {
        let path = ObjectPath(key: key)
        // Twice, since the object may move aside for a folder between the two.
        for place in [path.plain, path.displaced, path.plain, path.displaced] {
            do throws(SystemCallError) {
                let file = try Descriptor(objects + "/" + place, O_RDONLY)
                let status = try file.status()
                if NameKind(mode: status.st_mode) == .file { return (file, status) }
            } catch {
                if error.code != ENOENT && error.code != ENOTDIR { throw error }
            }
        }
        throw ObjectStoreError.notFound(key: key)
    }

    /// Makes the folders on the way to an object; answers where it is, or will be.
    private func makeRoom(for path: ObjectPath) throws(SystemCallError) -> String {
        var current = objects
        for name in path.folders {
            let folder = current + "/" + name
            switch try NameKind.of(folder) {
            case .folder: break
            case nil:
                try systemCall("mkdir") { Int(mkdir(folder, 0o755)) }
                try syncFolder(current)
            case .file, .other:
                try systemCall("rename") { Int(rename(folder, folder + ObjectPath.displacedMark)) }
                try systemCall("mkdir") { Int(mkdir(folder, 0o755)) }
                try syncFolder(current)
            }
            current = folder
        }
        let displaced = objects + "/" + path.displaced
        if try NameKind.of(displaced) != nil { return displaced }
        let plain = objects + "/" + path.plain
        return try NameKind.of(plain) == .folder ? displaced : plain
    }

    // MARK: Bytes

    private func stage(_ bytes: [UInt8], _ path: String) throws(SystemCallError) -> ObjectTag {
        let file = try Descriptor(path, O_RDWR | O_CREAT | O_EXCL)
        try file.write(bytes, at: 0)
        // The kernel stamps files by the tick, too coarse to tell two writes apart.
        let now = HostClock.wallNanoseconds
        let time = timespec(
            tv_sec: Int(now / 1_000_000_000), tv_nsec: Int(now % 1_000_000_000))
        try systemCall("stamp") { Int(futimens(file.number, [time, time])) }
        try systemCall("sync") { Int(fsync(file.number)) }
        return Self.tag(try file.status())
    }

    /// Removes what dead processes left half written.
    private func removeLeftovers() {
        for (name, _) in (try? names(in: staging)) ?? [] {
            guard let writer = pid_t(name.prefix { $0 != "-" }) else { continue }
            if kill(writer, 0) != 0 && errno == ESRCH { unlink(staging + "/" + name) }
        }
    }

    static func tag(_ status: stat) -> ObjectTag {
        let time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return ObjectTag(text: "\"\(status.st_ino)-\(time)-\(status.st_size)\"")
    }

    static func describe(_ key: String, _ status: stat) -> ObjectDescription {
        ObjectDescription(
            key: key, byteCount: Int64(status.st_size), tag: tag(status),
            lastModified: Timestamp(
                millisecondsSinceEpoch: Int64(status.st_mtim.tv_sec) * 1000
                    + Int64(status.st_mtim.tv_nsec) / 1_000_000))
    }
}
