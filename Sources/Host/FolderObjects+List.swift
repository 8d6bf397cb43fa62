import Glibc
import Platform

extension FolderObjects {
    /// A name that listing has come across: an object, or a folder not looked into yet.
    private struct Pending {
        /// The object's key, or what the keys of all objects in the folder begin with.
        var key: [UInt8]
        var path: String
        var isFolder: Bool
    }

    /// Walks the folders in the order of their keys and looks into no more than it must.
    func list(prefix: String, after start: String?, limit: Int) throws -> [ObjectDescription] {
        try locked(LOCK_SH) { try walk(prefix: prefix, after: start, limit: limit) }
    }

    /// The same without waiting for whoever changes names: one who stands still may hold the lock.
    func walk(prefix: String, after start: String?, limit: Int) throws -> [ObjectDescription] {
        let prefix = Array(prefix.utf8)
        let start = start.map { Array($0.utf8) }
        var found: [ObjectDescription] = []
        // The least key is last.
        var pending = [Pending(key: [], path: objects, isFolder: true)]
        while found.count < limit, let next = pending.popLast() {
            if next.isFolder {
                pending += try contents(of: next).filter { isWanted($0, prefix, start) }
                pending.sort { $1.key.lexicographicallyPrecedes($0.key) }
                continue
            }
            var status = stat()
            try systemCall("stat") { Int(lstat(next.path, &status)) }
            found.append(Self.describe(String(decoding: next.key, as: UTF8.self), status))
        }
        return found
    }

    private func contents(of folder: Pending) throws -> [Pending] {
        try names(in: folder.path).compactMap { name, kind in
            if kind == .other { return nil }
            let isFolder = kind == .folder
            guard let added = ObjectPath.keyBytes(of: name, isFolder: isFolder) else { return nil }
            return Pending(
                key: folder.key + added, path: folder.path + "/" + name, isFolder: isFolder)
        }
    }

    private func isWanted(_ name: Pending, _ prefix: [UInt8], _ start: [UInt8]?) -> Bool {
        if !name.isFolder {
            let isAfter = start.map { $0.lexicographicallyPrecedes(name.key) } ?? true
            return isAfter && name.key.starts(with: prefix)
        }
        if !name.key.starts(with: prefix) && !prefix.starts(with: name.key) { return false }
        guard let start else { return true }
        return start.lexicographicallyPrecedes(name.key) || start.starts(with: name.key)
    }
}
