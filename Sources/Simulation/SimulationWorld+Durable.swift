import Platform

/// What a loss of power would surely leave, for oracles: no time passes, and nothing changes.
extension SimulationWorld {
    /// The names of files in a machine's folder as the machine sees them now, in order.
    public func fileNames(of name: String, in path: String) -> [String] {
        guard let entries = folder(of: name, path)?.entries else { return [] }
        return entries.names.filter {
            if case .file? = entries[$0] { true } else { false }
        }
    }

    /// The names of folders in a machine's folder as the machine sees them now, in order.
    public func folderNames(of name: String, in path: String) -> [String] {
        guard let entries = folder(of: name, path)?.entries else { return [] }
        return entries.names.filter {
            if case .directory? = entries[$0] { true } else { false }
        }
    }

    /// The bytes of a machine's file as the machine sees them now; nil if there is none.
    public func fileBytes(of name: String, at path: String) -> [UInt8]? {
        let parts = path.split(separator: "/")
        guard let last = parts.last,
            let folder = folder(of: name, parts.dropLast().joined(separator: "/")),
            case .file(let content)? = folder.entries[String(last)]
        else { return nil }
        return content.bytes.read(at: 0, count: Int(content.count))
    }

    private func folder(of name: String, _ path: String) -> DirectoryImage? {
        var folder = node(name).disk.root
        for part in Self.names(in: path) {
            guard case .directory(let next)? = folder.entries[part] else { return nil }
            folder = next
        }
        return folder
    }

    /// The names of files in a machine's folder, in order.
    public func durableNames(of name: String, in folder: String) -> [String] {
        guard let entries = durableFolder(of: name, Self.names(in: folder)[...])?.durableEntries
        else { return [] }
        return entries.names.filter {
            if case .file? = entries[$0] { true } else { false }
        }
    }

    /// The bytes of a machine's file from `offset` on; nil if it would not be there.
    public func durableBytes(of name: String, at path: String, from offset: Int64) -> [UInt8]? {
        let names = Self.names(in: path)
        guard let last = names.last,
            let folder = durableFolder(of: name, names.dropLast()),
            case .file(let content)? = folder.durableEntries[last]
        else { return nil }
        return content.durableBytes(from: offset)
    }

    private func durableFolder(
        of name: String, _ path: ArraySlice<String>
    ) -> DirectoryImage? {
        var folder = node(name).disk.root
        for part in path {
            guard case .directory(let next)? = folder.durableEntries[part] else { return nil }
            folder = next
        }
        return folder
    }

    /// The names between the slashes of a path, by bytes: letters need not be told apart.
    private static func names(in path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// Files that a machine's present process has open.
    public func openFileCount(of name: String) -> Int { node(name).disk.openCount }

    /// Bytes of memory that a machine's present process has accounted for.
    public func memoryUse(of name: String) -> Int { node(name).memory.usedByteCount }

    /// Frames over the limit that a machine has tried to send.
    public func oversizedFrames(of name: String) -> Int { node(name).traffic.oversizedFrames }
}
