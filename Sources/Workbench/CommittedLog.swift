import Changelog
import Cluster
import Columnar

/// What the auditor has seen committed in one bucket: the truth that everything else is held against.
final class CommittedLog {
    /// A committed batch, as far as two copies of it can differ.
    struct Entry: Hashable {
        var baseOffset: Int64
        var endOffset: Int64
        var checksum: UInt32
        var leaderEpoch: Int32
        var writer: Int64
        var sequence: Int32

        init(_ batch: LogBatch) {
            baseOffset = batch.baseOffset
            endOffset = batch.endOffset
            checksum = batch.checksum
            leaderEpoch = batch.leaderEpoch
            writer = batch.writer
            sequence = batch.sequence
        }
    }

    let bucket: BucketIdentifier
    let table: TableDescription
    private(set) var entries: [Entry] = []
    /// The rows of a primary-key table at `endOffset`: the fold of the changelog, by encoded key.
    private(set) var rows: [[UInt8]: Row] = [:]
    /// A hash of each change by offset: `changes[offset]`.
    private(set) var changeHashes: [UInt64] = []
    private let keyCodec: KeyCodec

    init(_ bucket: BucketIdentifier, _ table: TableDescription) {
        self.bucket = bucket
        self.table = table
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
    }

    /// The first offset that has not been seen committed.
    var endOffset: Int64 { entries.last?.endOffset ?? 0 }

    /// Takes the next committed batch in. Precondition: it begins at `endOffset`.
    func append(_ batch: LogBatch, onChange: (Row, ChangeType, Int64) -> Void) throws {
        precondition(batch.baseOffset == endOffset, "the auditor skipped a batch")
        let (records, changes) = try batch.decodeRecords(table.schema)
        for position in 0..<records.rowCount {
            let row = records.row(at: position)
            let change = changes[position]
            changeHashes.append(Self.hash(row, change))
            try fold(row, change)
            onChange(row, change, batch.baseOffset + Int64(position))
        }
        // An empty batch takes an offset without a row.
        while Int64(changeHashes.count) < batch.endOffset { changeHashes.append(0) }
        entries.append(Entry(batch))
    }

    private func fold(_ row: Row, _ change: ChangeType) throws {
        if !table.isPrimaryKeyTable { return }
        let key = try keyCodec.encode(table.schema.key(of: row))
        switch change {
        case .append, .insert, .updateAfter: rows[key] = row
        case .updateBefore: break
        case .delete: rows[key] = nil
        }
    }

    /// The entry that begins at an offset. Complexity: O(log n).
    func entry(at baseOffset: Int64) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].baseOffset < baseOffset { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].baseOffset == baseOffset else { return nil }
        return entries[low]
    }

    /// A hash of a row and what it does, the same in every process.
    static func hash(_ row: Row, _ change: ChangeType) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(change.rawValue)
        func mix(_ value: UInt64) {
            hash = (hash ^ value) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 29
        }
        for value in row {
            switch value {
            case .null: mix(1)
            case .boolean(let value): mix(value ? 3 : 2)
            case .int32(let value): mix(UInt64(UInt32(bitPattern: value)) << 4 | 4)
            case .int64(let value), .timestamp(let value), .decimal(let value):
                mix(UInt64(bitPattern: value))
            case .date(let value): mix(UInt64(UInt32(bitPattern: value)) << 4 | 5)
            case .float32(let value): mix(UInt64(value.bitPattern) << 4 | 6)
            case .float64(let value): mix(value.bitPattern)
            case .string(let value):
                for byte in value.utf8 { mix(UInt64(byte)) }
                mix(7)
            case .bytes(let value):
                for byte in value { mix(UInt64(byte)) }
                mix(8)
            case .vector(let elements): for element in elements { mix(UInt64(element.bitPattern)) }
            }
        }
        return hash | 1
    }
}
