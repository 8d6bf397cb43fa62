import Columnar
import Platform

/// One file of a log, with what is known of it in memory.
final class LogSegment {
    let baseOffset: Int64
    private let directory: String
    /// Covers also the batches that are still to be written.
    var index: SegmentIndex
    /// How much of the file is written and synced.
    var syncedByteCount: Int64 = 0
    /// Whether the file has a durable name.
    var isCreated = false
    /// Whether the index is written down.
    var isIndexed = false
    /// Whether `<base offset>.snapshot` may be on the disk though the segment's own file is not.
    var mayHaveSnapshot = false
    /// What `<base offset>.snapshot` is to hold, until it does.
    var startState: [UInt8]?
    private var file: (any File)?

    init(baseOffset: Int64, directory: String) {
        self.baseOffset = baseOffset
        self.directory = directory
        index = SegmentIndex(baseOffset: baseOffset)
    }

    var endOffset: Int64 { index.endOffset }

    var path: String { directory + "/" + Self.name(baseOffset, .log) }
    var indexPath: String { directory + "/" + Self.name(baseOffset, .index) }
    var snapshotPath: String { directory + "/" + Self.name(baseOffset, .snapshot) }

    enum Kind: String {
        case log
        case index
        case snapshot
    }

    /// The base offset in 20 digits, so that names sort as offsets do.
    static func name(_ baseOffset: Int64, _ kind: Kind) -> String {
        zeroPadded(baseOffset, digits: 20) + "." + kind.rawValue
    }

    /// What `name` made a file's name of; nil if it is another name.
    static func parse(_ name: String) -> (baseOffset: Int64, kind: Kind)? {
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let digits = name[..<dot]
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let baseOffset = Int64(digits),
            let kind = Kind(rawValue: String(name[name.utf8.index(after: dot)...]))
        else { return nil }
        return (baseOffset, kind)
    }

    func open(_ disk: any Disk, _ mode: OpenMode = .existing) async throws -> any File {
        if let file { return file }
        let opened = try await disk.open(path, mode)
        // Another reader may have been first.
        if let file {
            await opened.close()
            return file
        }
        file = opened
        return opened
    }

    func close() async {
        guard let open = file else { return }
        file = nil
        await open.close()
    }

    /// The batches that hold offsets from `offset` on and end by `limit`, at least one.
    func read(
        from offset: Int64, below limit: Int64, maximumByteCount: Int, _ machine: Machine
    ) async throws -> [LogBatch] {
        let entry = index.entry(of: offset)
        var expected = entry.offset
        var start = entry.position
        let fileEnd = syncedByteCount
        let file = try await open(machine.disk)
        var wanted = min(max(0, maximumByteCount), LogBatch.byteCountLimit) + 16 * 1024
        var batches: [LogBatch] = []
        var byteCount = 0
        while true {
            let bytes = try await machine.readOrZeros(
                file, at: start, count: Int(min(Int64(wanted), fileEnd - start)))
            var position = 0
            scan: while true {
                let parsed = SegmentFrame.parse(bytes, at: position)
                switch parsed {
                case .batch(let batch, _) where batch.baseOffset == expected:
                    let isWanted = batch.lastOffset >= offset
                    let isTooMuch =
                        !batches.isEmpty && byteCount + batch.byteCount > maximumByteCount
                    if batch.endOffset > limit || (isWanted && isTooMuch) { return batches }
                    if isWanted {
                        batches.append(batch)
                        byteCount += batch.byteCount
                    }
                    expected = batch.endOffset
                    position += SegmentFrame.byteCount + batch.byteCount
                    if expected >= limit || expected >= endOffset { return batches }
                case .incomplete(let needed)
                where start + Int64(position + needed) <= fileEnd:
                    if !batches.isEmpty { return batches }
                    start += Int64(position)
                    wanted = max(wanted, needed)
                    break scan
                default:
                    if !batches.isEmpty { return batches }
                    throw ChangelogError.damaged(
                        damage(parsed, bytes, position, at: start, from: expected))
                }
            }
        }
    }

    private func damage(
        _ parsed: SegmentFrame.Parsed, _ bytes: [UInt8], _ position: Int, at start: Int64,
        from offset: Int64
    ) -> LogDamage {
        let reason: String
        switch parsed {
        case .batch(let batch, _): reason = "a batch at \(batch.baseOffset) stands in its place"
        case .incomplete: reason = "the file ends inside a batch"
        case .bad(let why): reason = why
        }
        let next = SegmentFrame.search(bytes, from: position + 1)?.header.baseOffset
        return LogDamage(
            path: path, position: start + Int64(position),
            offsets: offset..<max(offset + 1, min(next ?? endOffset, endOffset)), reason: reason)
    }
}
