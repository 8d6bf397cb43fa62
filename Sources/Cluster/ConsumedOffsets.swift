import Columnar
import Platform

/// How far someone who reads a table's log has come: a consumer that is to go on there, or one that
/// has made its own what lies below, so that the log may go.
struct ConsumedOffsets: StoredValue, Hashable {
    /// One bucket; 0 stands for those that are not named.
    struct Entry: Hashable {
        var bucket: BucketIdentifier
        var offset: Int64
    }

    /// In the order of their buckets.
    private(set) var entries: [Entry] = []

    init() {}

    init(_ offsets: [BucketIdentifier: Int64]) {
        entries = offsets.map { Entry(bucket: $0.key, offset: $0.value) }
            .sorted { $0.bucket < $1.bucket }
    }

    var byBucket: [BucketIdentifier: Int64] {
        entries.reduce(into: [:]) { $0[$1.bucket] = $1.offset }
    }

    subscript(bucket: BucketIdentifier) -> Int64 {
        get { entries.first { $0.bucket == bucket }?.offset ?? 0 }
        set {
            if let position = entries.firstIndex(where: { $0.bucket == bucket }) {
                entries[position].offset = newValue
            } else {
                let position = entries.firstIndex { bucket < $0.bucket } ?? entries.count
                entries.insert(Entry(bucket: bucket, offset: newValue), at: position)
            }
        }
    }

    mutating func remove(partition: Int64) {
        entries.removeAll { $0.bucket.partition == partition }
    }

    func encode(into writer: inout ByteWriter) {
        writer.append(list: entries) {
            $0.append($1.bucket)
            $0.append(littleEndian: $1.offset)
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        entries = try reader.readList { (reader) throws(ColumnarError) in
            Entry(bucket: try reader.readBucket(), offset: try reader.readLittleEndian())
        }
    }
}

extension MetadataMirror {
    /// How far each who says so has read a bucket's log, by name.
    public func consumedOffsets(of bucket: BucketIdentifier) -> [(reader: String, offset: Int64)] {
        let readers = consumed[bucket.table] ?? [:]
        return readers.keys.sorted().map { ($0, readers[$0]![bucket]) }
    }
}

/// The services whose progress holds the logs of tables that they serve, whether or not they run.
enum LogConsumer {
    /// Tiering to the lake: for tables that are in it.
    static let lake = "lake"
    /// The vector index: for tables that have one.
    static let vectors = "vectors"
}

extension MetadataMirror {
    /// Below which offset nobody whose progress is known, or has to be, relies on the log, as far
    /// as this node has heard.
    func consumedOffset(of bucket: BucketIdentifier, _ table: TableDescription) -> Int64 {
        Self.consumedOffset(of: bucket, table, consumed[bucket.table] ?? [:])
    }

    private static func consumedOffset(
        of bucket: BucketIdentifier, _ table: TableDescription, _ known: [String: ConsumedOffsets]
    ) -> Int64 {
        var limit = Int64.max
        // The least counts, in any order.
        for consumer in known.values { limit = min(limit, consumer[bucket]) }
        if table.isInLake && known[LogConsumer.lake] == nil { return 0 }
        if table.vectorColumn != nil && known[LogConsumer.vectors] == nil { return 0 }
        return limit
    }

    /// Who holds a bucket's log at this moment, and the condition under which nobody has begun to
    /// since.
    func holds(
        on bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> (limit: Int64, condition: CoordinationTransaction.Condition) {
        let marker = MetadataKey.holds(table: bucket.table).text
        let last = try await machine.coordination.get(marker)
        let prefix = MetadataKey.consumed(by: "", table: bucket.table).text
        var known: [String: ConsumedOffsets] = [:]
        for entry in try await machine.coordination.range(prefix: prefix).entries {
            known[String(entry.key.dropFirst(prefix.count))] = try read(
                ConsumedOffsets.self, from: entry.value)
        }
        return (
            Self.consumedOffset(of: bucket, table, known),
            last.map { .revision(key: marker, $0.revision) } ?? .absent(key: marker)
        )
    }

    /// Says how far a service has come with some buckets of a table, beside what others of the
    /// service say of theirs; false if that is not certain, or the table is gone.
    ///
    /// Needs no fence, as `publish`. The entry is one for all buckets, so it is exchanged.
    func advance(
        _ progress: [BucketProgress], by service: String, of table: Int64
    ) async throws -> Bool {
        if format < .expiring { return false }
        let key = MetadataKey.consumed(by: service, table: table).text
        let owner = MetadataKey.table(table).text
        do {
            for _ in 0..<Self.exchangeLimit {
                guard let entry = try await machine.coordination.get(owner) else { return false }
                let before = try await machine.coordination.get(key)
                var offsets = ConsumedOffsets()
                if let before { offsets = try read(ConsumedOffsets.self, from: before.value) }
                for part in progress {
                    offsets[part.bucket] = max(offsets[part.bucket], part.offset)
                }
                let result = try await machine.coordination.commit(
                    CoordinationTransaction(
                        conditions: [
                            .revision(key: owner, entry.revision),
                            before.map { .revision(key: key, $0.revision) } ?? .absent(key: key),
                        ], operations: [.put(key: key, value: stored(offsets), lease: nil)]))
                if case .committed = result { return true }
                machine.observer.reached("progress of an indexer crossed that of another")
            }
        } catch let error as CoordinationError {
            machine.observer.note(.debug, "progress of \(service) in table \(table): \(error)")
        }
        return false
    }

    private static let exchangeLimit = 4

    /// Says how far a service, or a reader under a lease, has come with a table; false if that is
    /// not certain, or the table is gone. `isFirst` where nothing was said under this lease before.
    ///
    /// Needs no fence but the table's: what is said was true once, and progress is never undone.
    func publish(
        _ offsets: ConsumedOffsets, by service: String, of table: Int64,
        lease: LeaseIdentifier? = nil, isFirst: Bool = false
    ) async throws -> Bool {
        if format < .expiring { return false }
        let key = MetadataKey.consumed(by: service, table: table).text
        let owner = MetadataKey.table(table).text
        do {
            // Under the table's entry, so that nothing is kept of one that was dropped.
            guard let entry = try await machine.coordination.get(owner) else { return false }
            var transaction = CoordinationTransaction(
                conditions: [.revision(key: owner, entry.revision)],
                operations: [.put(key: key, value: stored(offsets), lease: lease)])
            if isFirst {
                transaction.operations.append(
                    .put(
                        key: MetadataKey.holds(table: table).text,
                        value: stored(StoredCounter(last: lease?.number ?? 0)), lease: nil))
            }
            let result = try await machine.coordination.commit(transaction)
            guard case .committed = result else { return false }
            return true
        } catch let error as CoordinationError {
            machine.observer.note(.debug, "progress of \(service) in table \(table): \(error)")
            return false
        }
    }
}
