import Glibc

/// What the machines of a process ask of disks, objects, coordination and network, counted.
///
/// With a path the counts stand in a mapped file: they outlive the kill of the process, the next
/// one counts on, and another process may look at them at any time.
public final class HostCounters {
    public enum Kind: Int, Sendable, CaseIterable {
        case diskWrites, diskWrittenBytes, diskReads, diskReadBytes, diskSyncs
        case objectPuts, objectPutBytes, objectGets, objectGetBytes, objectHeads, objectLists
        case objectDeletes
        case coordinationRequests
        case networkFrames, networkBytes

        /// As reports name it.
        public var name: String { Self.names[rawValue] }

        private static let names = [
            "disk.writes", "disk.writtenBytes", "disk.reads", "disk.readBytes", "disk.syncs",
            "objects.puts", "objects.putBytes", "objects.gets", "objects.getBytes",
            "objects.heads", "objects.lists", "objects.deletes", "coordination.requests",
            "network.frames", "network.bytes",
        ]
    }

    private static let byteCount = Kind.allCases.count * MemoryLayout<Int64>.stride
    private let counts: UnsafeMutablePointer<Int64>
    private let isMapped: Bool

    /// Counts in memory alone.
    public init() {
        counts = .allocate(capacity: Kind.allCases.count)
        counts.initialize(repeating: 0, count: Kind.allCases.count)
        isMapped = false
    }

    /// Counts on in the file at `path`, which is made if need be.
    ///
    /// - Throws: `HostError.folder` if it cannot be opened or mapped.
    public init(path: String) throws(HostError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if file < 0 { throw Self.failure(path) }
        defer { close(file) }
        if ftruncate(file, Self.byteCount) != 0 { throw Self.failure(path) }
        let mapped = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let mapped, mapped != MAP_FAILED else { throw Self.failure(path) }
        counts = mapped.bindMemory(to: Int64.self, capacity: Kind.allCases.count)
        isMapped = true
    }

    private static func failure(_ path: String) -> HostError {
        .folder(path: path, reason: String(cString: strerror(errno)))
    }

    deinit {
        if isMapped { munmap(counts, Self.byteCount) } else { counts.deallocate() }
    }

    public subscript(_ kind: Kind) -> Int64 { counts[kind.rawValue] }

    func count(_ kind: Kind, _ number: Int = 1) { counts[kind.rawValue] += Int64(number) }
}
