import Platform

/// A folder of one machine's disk: its names as the machine sees them, and as the device has them.
final class DirectoryImage {
    enum Entry {
        case file(FileContent)
        case directory(DirectoryImage)
    }

    /// One step that a power loss takes or leaves as a whole.
    struct Change {
        var name: String
        var entry: Entry?
        /// The name that a rename within the folder took away.
        var removed: String?
        /// The other folder of a rename between two.
        var partner: DirectoryImage?
        var sequence: UInt64
    }

    /// A name in one folder of the disk.
    struct Place: Hashable {
        var folder: ObjectIdentifier
        var name: String
    }

    fileprivate(set) var entries = NameTable<Entry>()
    /// What the device itself holds of `entries`.
    fileprivate var durable = NameTable<Entry>()
    /// Changes since the last sync, in order; a power loss keeps any part of them.
    private(set) var changes: [Change] = []
    /// The names that the device itself holds.
    var durableEntries: NameTable<Entry> { durable }
    /// Where this folder stands, and the change that put it there; none for the root.
    private unowned let parent: DirectoryImage?
    private let creation: UInt64

    init(in parent: DirectoryImage?, creation: UInt64) {
        self.parent = parent
        self.creation = creation
    }

    /// Sets or removes a name, and remembers it as not durable yet.
    func apply(_ change: Change) {
        entries[change.name] = change.entry
        if let removed = change.removed { entries[removed] = nil }
        changes.append(change)
    }

    /// Makes the changes up to `sequence` durable, and what cannot be durable without them.
    ///
    /// A rename between folders is one step of the journal: it takes both folders along, and the
    /// folders' own names, so that no power loss shows neither the old name nor the new.
    func commit(upTo sequence: UInt64) {
        var work: [(DirectoryImage, UInt64)] = [(self, sequence)]
        while let (folder, sequence) = work.popLast() {
            let count = folder.changes.prefix { $0.sequence <= sequence }.count
            let done = folder.changes.prefix(count)
            folder.changes.removeFirst(count)
            for change in done {
                folder.durable[change.name] = change.entry
                if let removed = change.removed { folder.durable[removed] = nil }
                guard let partner = change.partner else { continue }
                work.append((partner, change.sequence))
                work += folder.ancestry + partner.ancestry
            }
        }
    }

    /// The changes that made this folder and those above it.
    var ancestry: [(DirectoryImage, UInt64)] {
        var steps: [(DirectoryImage, UInt64)] = []
        var folder = self
        while let parent = folder.parent {
            steps.append((parent, folder.creation))
            folder = parent
        }
        return steps
    }

    // MARK: Losing

    /// The names that a change of this folder sets or removes.
    func places(of change: Change) -> [Place] {
        [change.name, change.removed].compactMap { $0 }
            .map { Place(folder: ObjectIdentifier(self), name: $0) }
    }

    /// Makes some of the changes durable, and forgets the others.
    func settle(keeping kept: Set<UInt64>) {
        for change in changes where kept.contains(change.sequence) {
            durable[change.name] = change.entry
            if let removed = change.removed { durable[removed] = nil }
        }
        entries = durable
        changes.removeAll()
    }
}
