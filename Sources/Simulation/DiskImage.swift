import Platform

/// What one machine's disk and page cache hold, with what a power loss would take.
final class DiskImage {
    /// The unit in which a device writes atomically, in bytes.
    static let sectorSize: Int64 = 512

    final class Directory {
        var entries = NameTable<Entry>()
        /// What the device itself holds of `entries`.
        var durable = NameTable<Entry>()
        /// Changes since the last sync, in order; a power loss keeps a prefix.
        var changes: [Change] = []
    }

    struct Change {
        var name: String
        var entry: Entry?
        /// The name that a rename within the folder took away.
        var removed: String?
    }

    enum Entry {
        case file(Content)
        case directory(Directory)
    }

    /// A file's bytes, and how to undo what is not durable yet.
    final class Content {
        var bytes = SparseBytes()
        var undo: [Undo] = []
        /// Counts the changes, so that a sync covers just those before it.
        var sequence: UInt64 = 0
    }

    struct Undo {
        var offset: Int64
        /// What stood there before, as far as the file reached.
        var bytes: [UInt8]
        var writtenCount: Int64
        var sizeBefore: Int64
        var sequence: UInt64
        /// A failed sync dropped the page: no later sync makes it durable.
        var isDoomed: Bool

        /// What is left of a change where `range` was written again.
        func without(_ range: Range<Int64>) -> [Undo] {
            let whole = offset..<offset + writtenCount
            if !whole.overlaps(range) { return [self] }
            let parts = [
                whole.lowerBound..<max(whole.lowerBound, range.lowerBound),
                min(whole.upperBound, range.upperBound)..<whole.upperBound,
            ]
            return parts.filter { !$0.isEmpty }.map { part in
                var rest = self
                rest.offset = part.lowerBound
                rest.writtenCount = Int64(part.count)
                let start = min(bytes.count, Int(part.lowerBound - offset))
                rest.bytes = Array(bytes[start..<min(bytes.count, start + part.count)])
                return rest
            }
        }
    }

    let root = Directory()
    let random: RandomStream
    /// Faults.
    var capacity: Int64 = .max
    var slowFactor: Int64 = 1
    var failingSyncsPerMillion = 0
    var failingReadsPerMillion = 0
    var failingWritesPerMillion = 0
    private(set) var usedBytes: Int64 = 0
    /// The device works on one request at a time: when it is free again.
    var busyUntil: Int64 = 0
    /// Operations and bytes, for figures.
    private(set) var counters = DiskCounters()

    init(random: RandomStream) { self.random = random }

    func count(_ update: (inout DiskCounters) -> Void) { update(&counters) }

    // MARK: Names

    func directory(_ path: String) throws -> Directory {
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
    func parent(of path: String) throws -> (Directory, String) {
        guard let slash = path.lastIndex(of: "/") else { return (root, path) }
        return (
            try directoryOf(path, String(path[..<slash])), String(path[path.index(after: slash)...])
        )
    }

    private func directoryOf(_ path: String, _ folder: String) throws -> Directory {
        do { return try directory(folder) } catch { throw DiskError.notFound(path: path) }
    }

    func file(_ path: String) throws -> Content? {
        let (folder, name) = try parent(of: path)
        switch folder.entries[name] {
        case .file(let content): return content
        case .directory: throw DiskError.inputOutput(path: path, operation: "open of a folder")
        case nil: return nil
        }
    }

    func set(_ entry: Entry?, named name: String, in folder: Directory, removing old: String? = nil)
    {
        if case .file(let replaced)? = folder.entries[name] { release(replaced) }
        folder.entries[name] = entry
        if let old { folder.entries[old] = nil }
        folder.changes.append(Change(name: name, entry: entry, removed: old))
    }

    func sync(_ folder: Directory) {
        folder.durable = folder.entries
        folder.changes.removeAll()
    }

    private func release(_ content: Content) { usedBytes -= content.bytes.count }

    // MARK: Bytes

    func write(_ bytes: [UInt8], to content: Content, at offset: Int64, path: String) throws {
        if bytes.isEmpty { return }
        let size = content.bytes.count
        let grown = max(0, offset + Int64(bytes.count) - size)
        if usedBytes + grown > capacity { throw DiskError.full(path: path) }
        content.sequence += 1
        content.undo.append(
            Undo(
                offset: offset, bytes: content.bytes.read(at: offset, count: bytes.count),
                writtenCount: Int64(bytes.count), sizeBefore: size, sequence: content.sequence,
                isDoomed: false))
        content.bytes.write(bytes[...], at: offset)
        usedBytes += grown
    }

    func truncate(_ content: Content, to size: Int64) {
        let before = content.bytes.count
        let lost =
            size < before ? content.bytes.read(at: size, count: Int(before - size)) : []
        content.sequence += 1
        content.undo.append(
            Undo(
                offset: size, bytes: lost, writtenCount: 0, sizeBefore: before,
                sequence: content.sequence, isDoomed: false))
        content.bytes.resize(to: size)
        usedBytes += size - before
    }

    /// Makes the changes up to `sequence` durable, but for those that a failed sync has dropped.
    ///
    /// What was written once more after such a sync is dirty again, and so durable now.
    func makeDurable(_ content: Content, upTo sequence: UInt64) {
        let synced = content.undo.filter { $0.sequence <= sequence && !$0.isDoomed }
        content.undo.removeAll { $0.sequence <= sequence && !$0.isDoomed }
        for write in synced where write.writtenCount > 0 {
            let range = write.offset..<write.offset + write.writtenCount
            content.undo = content.undo.flatMap { doomed in
                doomed.isDoomed && doomed.sequence < write.sequence
                    ? doomed.without(range) : [doomed]
            }
        }
    }

    /// Drops the changes up to `sequence` from the page cache's duties, as a failed sync does.
    func doom(_ content: Content, upTo sequence: UInt64) {
        for position in content.undo.indices where content.undo[position].sequence <= sequence {
            content.undo[position].isDoomed = true
        }
    }

    // MARK: Losing

    /// Loses a random part of all that was not synced.
    func losePower() {
        losePower(in: root)
        usedBytes = 0
        forEachFile(in: root) { usedBytes += $0.bytes.count }
        busyUntil = 0
    }

    private func losePower(in folder: Directory) {
        let kept = random.next(in: 0..<(folder.changes.count + 1))
        var entries = folder.durable
        for change in folder.changes.prefix(kept) {
            entries[change.name] = change.entry
            if let removed = change.removed { entries[removed] = nil }
        }
        folder.entries = entries
        folder.durable = entries
        folder.changes.removeAll()
        for name in entries.names {
            switch entries[name]! {
            case .file(let content): losePower(in: content)
            case .directory(let inner): losePower(in: inner)
            }
        }
    }

    /// Undoes writes sector by sector, newest first, so that what was durable is left.
    private func losePower(in content: Content) {
        if content.undo.isEmpty { return }
        let current = content.bytes
        let undo = content.undo.filter { !$0.isDoomed }
        for entry in undo.reversed() {
            if content.bytes.count < entry.sizeBefore { content.bytes.resize(to: entry.sizeBefore) }
            content.bytes.write(entry.bytes[...], at: entry.offset)
            if content.bytes.count > entry.sizeBefore { content.bytes.resize(to: entry.sizeBefore) }
        }
        loseDoomed(content)
        // The new size may or may not have reached the device, and of each written sector either
        // image.
        let durableSize = content.bytes.count
        if current.count > durableSize {
            let grown = (current.count - durableSize) / Self.sectorSize
            let sectors = random.next(in: 0..<UInt64(grown + 2))
            let size = min(current.count, durableSize + Int64(sectors) * Self.sectorSize)
            content.bytes.resize(to: size)
        } else if current.count < durableSize && random.chance(1, in: 2) {
            content.bytes.resize(to: current.count)
        }
        for entry in undo {
            var sector = entry.offset / Self.sectorSize * Self.sectorSize
            while sector < entry.offset + entry.writtenCount {
                let start = max(sector, entry.offset)
                let end = min(
                    sector + Self.sectorSize, entry.offset + entry.writtenCount,
                    content.bytes.count)
                if start < end && random.chance(1, in: 2) {
                    content.bytes.write(
                        current.read(at: start, count: Int(end - start))[...], at: start)
                }
                sector += Self.sectorSize
            }
        }
    }

    /// Puts back what stood where a failed sync dropped pages: old bytes, or zeros in a grown file.
    private func loseDoomed(_ content: Content) {
        for entry in content.undo.reversed() where entry.isDoomed {
            let end = min(entry.offset + entry.writtenCount, content.bytes.count)
            if entry.offset >= end { continue }
            var old = entry.bytes
            let count = Int(end - entry.offset)
            if old.count < count { old += [UInt8](repeating: 0, count: count - old.count) }
            content.bytes.write(old[..<count], at: entry.offset)
        }
        content.undo.removeAll()
    }

    func forEachFile(in folder: Directory, _ body: (Content) -> Void) {
        for name in folder.entries.names {
            switch folder.entries[name]! {
            case .file(let content): body(content)
            case .directory(let inner): forEachFile(in: inner, body)
            }
        }
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
