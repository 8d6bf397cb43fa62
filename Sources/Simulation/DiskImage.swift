import Platform

/// What one machine's disk and page cache hold, with what a power loss would take.
final class DiskImage {
    let root = DirectoryImage(in: nil, creation: 0)
    let random: RandomStream
    /// Faults.
    var capacity: Int64 = .max
    /// As they were set last.
    var faults = DiskFaults()
    var slowFactor: Int64 = 1
    var failingSyncsPerMillion = 0
    var failingReadsPerMillion = 0
    var failingWritesPerMillion = 0
    var failingNamesPerMillion = 0
    var openLimit = Int.max
    /// Files that the present process has opened and not closed.
    var openCount = 0
    /// Writes that the device will acknowledge and not do as it was told.
    var silentWriteFaults: [SilentWriteFault] = []
    private(set) var usedBytes: Int64 = 0
    /// The device works on one request at a time: when it is free again.
    var busyUntil: Int64 = 0
    /// Operations and bytes, for figures.
    private(set) var counters = DiskCounters()
    /// Counts the changes of names, so that a sync covers just those before it.
    private(set) var nameSequence: UInt64 = 0

    init(random: RandomStream) { self.random = random }

    func count(_ update: (inout DiskCounters) -> Void) { update(&counters) }

    /// A write that goes wrong in silence at the next sync of a file whose path contains `part`.
    struct SilentWriteFault {
        var isMisdirected: Bool
        var part: String
    }

    // MARK: Names

    func directory(_ path: String) throws -> DirectoryImage {
        var current = root
        for part in path.split(separator: "/") {
            guard case .directory(let next)? = current.entries[String(part)] else {
                throw DiskError.notFound(path: path)
            }
            current = next
        }
        return current
    }

    /// The folder that holds `path`, and the last part of its name.
    func parent(of path: String) throws -> (DirectoryImage, String) {
        guard let slash = path.lastIndex(of: "/") else { return (root, path) }
        return (
            try directoryOf(path, String(path[..<slash])), String(path[path.index(after: slash)...])
        )
    }

    private func directoryOf(_ path: String, _ folder: String) throws -> DirectoryImage {
        do { return try directory(folder) } catch { throw DiskError.notFound(path: path) }
    }

    func file(_ path: String) throws -> FileContent? {
        let (folder, name) = try parent(of: path)
        switch folder.entries[name] {
        case .file(let content): return content
        case .directory: throw DiskError.inputOutput(path: path, operation: "open of a folder")
        case nil: return nil
        }
    }

    func add(_ content: FileContent, named name: String, in folder: DirectoryImage) {
        set(.file(content), name, in: folder)
    }

    func addDirectory(named name: String, in folder: DirectoryImage) -> DirectoryImage {
        let added = DirectoryImage(in: folder, creation: nameSequence + 1)
        set(.directory(added), name, in: folder)
        return added
    }

    func remove(_ name: String, in folder: DirectoryImage) { set(nil, name, in: folder) }

    private func set(_ entry: DirectoryImage.Entry?, _ name: String, in folder: DirectoryImage) {
        release(folder.entries[name])
        nameSequence += 1
        folder.apply(DirectoryImage.Change(name: name, entry: entry, sequence: nameSequence))
    }

    /// Moves a file's name; the two places must differ.
    func move(
        _ entry: DirectoryImage.Entry, _ source: (DirectoryImage, String),
        to target: (DirectoryImage, String)
    ) {
        release(target.0.entries[target.1])
        nameSequence += 1
        if source.0 === target.0 {
            target.0.apply(
                DirectoryImage.Change(
                    name: target.1, entry: entry, removed: source.1, sequence: nameSequence))
            return
        }
        target.0.apply(
            DirectoryImage.Change(
                name: target.1, entry: entry, partner: source.0, sequence: nameSequence))
        source.0.apply(
            DirectoryImage.Change(
                name: source.1, entry: nil, partner: target.0, sequence: nameSequence))
    }

    private func release(_ entry: DirectoryImage.Entry?) {
        guard case .file(let content)? = entry else { return }
        content.isLinked = false
        usedBytes -= content.count
    }

    // MARK: Bytes

    /// Writes as many of the bytes as there is room for and says how many that were.
    func write(_ bytes: [UInt8], to content: FileContent, at offset: Int64) -> Int {
        if bytes.isEmpty { return 0 }
        let room = max(0, capacity - usedBytes)
        let missing = max(0, offset + Int64(bytes.count) - content.count - room)
        let count = max(0, Int64(bytes.count) - missing)
        if count == 0 { return 0 }
        let before = content.count
        content.write(bytes[..<Int(count)], at: offset)
        if content.isLinked { usedBytes += content.count - before }
        return Int(count)
    }

    func truncate(_ content: FileContent, to size: Int64) {
        if content.isLinked { usedBytes += size - content.count }
        content.truncate(to: size)
    }

    /// Lets the write of one sector of a file get lost, or land elsewhere; in words, nil if none.
    func misplaceOrLose(_ path: String, _ content: FileContent, upTo sequence: UInt64) -> String? {
        guard let position = silentWriteFaults.firstIndex(where: { path.contains($0.part) }),
            let (sector, written) = content.loseSector(upTo: sequence, random)
        else { return nil }
        if !silentWriteFaults.remove(at: position).isMisdirected {
            return "the write of \(path) at \(sector) gets lost"
        }
        let victims = files().filter { $0.content.count > 0 }
        let isWithin = random.chance(1, in: 2)
        let victim =
            isWithin || victims.isEmpty
            ? (path: path, content: content) : victims[random.next(in: 0..<victims.count)]
        let sectors = (victim.content.count + FileContent.sectorSize - 1) / FileContent.sectorSize
        let place = Int64(random.next(in: 0..<UInt64(sectors))) * FileContent.sectorSize
        if victim.content !== content || place != sector {
            victim.content.overwrite(written, at: place)
        }
        return "the write of \(path) at \(sector) lands in \(victim.path) at \(place)"
    }

    // MARK: Losing

    /// Loses a random part of all that was not synced.
    func losePower() {
        let folders = directories()
        let kept = survivors(of: folders)
        for folder in folders { folder.settle(keeping: kept) }
        usedBytes = 0
        busyUntil = 0
        for file in files() {
            file.content.losePower(random)
            file.content.isLinked = true
            usedBytes += file.content.count
        }
    }

    /// The changes of names that a power loss leaves: any combination that a file system allows.
    ///
    /// POSIX orders nothing before a sync of the folder, and file systems do reorder (Pillai et
    /// al., "All File Systems Are Not Created Equal", OSDI 2014). Changes of one name stay in
    /// order, so that a file is not left under two names, and a rename between folders takes the
    /// folders' own names along.
    private func survivors(of folders: [DirectoryImage]) -> Set<UInt64> {
        var pending: [(folder: DirectoryImage, change: DirectoryImage.Change)] = []
        for folder in folders { pending += folder.changes.map { (folder, $0) } }
        if pending.isEmpty { return [] }
        pending.sort { $0.change.sequence < $1.change.sequence }
        let isPrefix = random.chance(1, in: 2)
        let last = pending[random.next(in: 0..<pending.count)].change.sequence
        var kept: Set<UInt64> = []
        for (_, change) in pending {
            if isPrefix ? change.sequence <= last : random.chance(1, in: 2) {
                kept.insert(change.sequence)
            }
        }
        var needed: Set<DirectoryImage.Place> = []
        for (folder, change) in pending.reversed() {
            let places = folder.places(of: change)
            guard kept.contains(change.sequence) || places.contains(where: needed.contains) else {
                continue
            }
            kept.insert(change.sequence)
            needed.formUnion(places)
            guard let partner = change.partner else { continue }
            // The creations are earlier than the rename: the loop still comes to them.
            for (_, creation) in folder.ancestry + partner.ancestry { kept.insert(creation) }
        }
        return kept
    }

    private func directories() -> [DirectoryImage] {
        var found = [root]
        var next = 0
        while next < found.count {
            for name in found[next].entries.names {
                if case .directory(let inner)? = found[next].entries[name] { found.append(inner) }
            }
            next += 1
        }
        return found
    }

    /// All files with their paths, in a fixed order.
    func files() -> [(path: String, content: FileContent)] {
        var found: [(String, FileContent)] = []
        var folders = [("", root)]
        while let (path, folder) = folders.popLast() {
            for name in folder.entries.names {
                switch folder.entries[name]! {
                case .file(let content): found.append((path + name, content))
                case .directory(let inner): folders.append((path + name + "/", inner))
                }
            }
        }
        return found
    }
}

/// Disk operations and bytes of one machine since the start of the run.
public struct DiskCounters: Hashable, Sendable {
    public var writes = 0
    public var writtenBytes = 0
    public var reads = 0
    public var readBytes = 0
    public var syncs = 0
    public var nameChanges = 0

    public init() {}
}
