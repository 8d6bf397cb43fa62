import Columnar
import Platform

/// How far a consumer has come that writes what it reads to somewhere else: what it has confirmed
/// and what it has begun, bucket by bucket.
///
/// Kept in the coordination service until the table is dropped, and exchanged with each change:
/// who has taken a ledger over leaves none before it able to begin anything more. What was
/// confirmed holds the table's log, whether or not the consumer runs.
public final class ConsumerLedger {
    public let table: TableDescription
    private let consumer: String
    private let client: ClusterClient
    private let gate: Gate
    private var pages = ConsumerPages()
    private var savedPages: ConsumerPages?
    private var revision: Revision?

    /// - Throws: `ClusterError.invalidRequest` for a name that is no consumer's.
    public init(
        _ consumer: String, of table: TableDescription, _ client: ClusterClient
    ) throws(ClusterError) {
        if let objection = TablePath.objection(to: consumer) {
            throw .invalidRequest(
                reason: "consumer name \(consumer.debugDescription): \(objection)")
        }
        self.consumer = consumer
        self.table = table
        self.client = client
        gate = Gate(client.machine)
    }

    /// Everything of a bucket below was confirmed.
    public func confirmed(_ bucket: BucketIdentifier) -> Int64 { pages.confirmed[bucket] }

    /// Nothing of a bucket from there on was begun.
    public func begun(_ bucket: BucketIdentifier) -> Int64 {
        max(pages.begun[bucket], pages.confirmed[bucket])
    }

    /// Reads what was kept, and has nobody before write to it any more.
    ///
    /// - Parameter epoch: Larger than that of whoever had it before.
    /// - Throws: `ConsumerFenced` if a later one has it, or the table is gone.
    public func takeOver(epoch: Int64) async throws {
        try await gate.run {
            var retry = Backoff(client.configuration)
            while true {
                do {
                    let found = try await client.machine.coordination.get(key)
                    revision = found?.revision
                    pages =
                        try found.map {
                            try client.mirror.read(ConsumerPages.self, from: $0.value)
                        } ?? ConsumerPages()
                    if pages.epoch > epoch { throw ConsumerFenced(epoch: pages.epoch) }
                    if pages.epoch == epoch && found != nil {
                        savedPages = pages
                        return
                    }
                    pages.epoch = epoch
                    if try await exchange(isFirst: true) { return }
                } catch is CoordinationError {
                    // Reading it again tells what became of it.
                }
                try await client.machine.sleep(retry.next(client.machine.entropy))
            }
        }
    }

    /// Keeps that the changes of a bucket below `offset` are about to be written.
    ///
    /// - Throws: `ConsumerFenced` if another has taken the ledger over, or the table is gone.
    public func begin(_ bucket: BucketIdentifier, upTo offset: Int64) async throws {
        precondition(offset >= confirmed(bucket), "what is confirmed was begun before")
        pages.begun[bucket] = max(pages.begun[bucket], offset)
        try await save()
    }

    /// Notes that everything of a bucket below `offset` is confirmed; kept with the next `save`.
    public func confirm(_ bucket: BucketIdentifier, upTo offset: Int64) {
        precondition(offset >= confirmed(bucket), "a consumer of \(bucket) went back")
        pages.confirmed[bucket] = offset
    }

    /// Keeps what was noted. Throws as `begin`.
    public func save() async throws {
        // Whoever waits here while another writes finds its own written as well.
        try await gate.run {
            var retry = Backoff(client.configuration)
            while pages != savedPages {
                do { if try await exchange(isFirst: false) { return } } catch is CoordinationError {
                    try await reread()
                }
                try await client.machine.sleep(retry.next(client.machine.entropy))
            }
        }
    }

    /// Partitions that are in the ledger and no more in the table, for certain.
    ///
    /// Who has heard nothing of a partition may have heard less than whoever wrote the ledger.
    public func gonePartitions() async throws -> [Int64] {
        var gone: [Int64] = []
        let named = (pages.begun.entries + pages.confirmed.entries).compactMap(\.bucket.partition)
        for partition in Set(named).sorted() {
            let key = MetadataKey.partition(table: table.identifier, partition).text
            do {
                if try await client.machine.coordination.get(key) == nil { gone.append(partition) }
            } catch is CoordinationError {
                // Whoever asks again may hear more.
            }
        }
        return gone
    }

    /// Leaves out what is known of a partition that is gone, and keeps that. Throws as `begin`.
    public func forget(partition: Int64) async throws {
        pages.confirmed.remove(partition: partition)
        pages.begun.remove(partition: partition)
        try await save()
    }

    private var key: String {
        MetadataKey.consumer(table: table.identifier, consumer + ".ledger").text
    }

    /// Whether what is in memory stands there now.
    ///
    /// Throws `ConsumerFenced` where another has written, `CoordinationError` where that is open.
    private func exchange(isFirst: Bool) async throws -> Bool {
        let machine = client.machine
        let tableKey = MetadataKey.table(table.identifier).text
        // Under the table's entry, so that nothing is kept of one that was dropped.
        guard let owner = try await machine.coordination.get(tableKey) else {
            throw ConsumerFenced(epoch: nil)
        }
        let written = pages
        let mirror = client.mirror
        var operations: [CoordinationTransaction.Operation] = [
            .put(key: key, value: mirror.stored(written), lease: nil)
        ]
        // Nodes of earlier formats know of no holds.
        let isHolding = mirror.format >= .expiring
        if isHolding {
            operations.append(
                .put(
                    key: MetadataKey.consumed(by: consumer, table: table.identifier).text,
                    value: mirror.stored(written.confirmed), lease: nil))
        }
        if isFirst && isHolding {
            operations.append(
                .put(
                    key: MetadataKey.holds(table: table.identifier).text,
                    value: mirror.stored(StoredCounter(last: written.epoch)), lease: nil))
        }
        let condition: CoordinationTransaction.Condition =
            revision.map { .revision(key: key, $0) } ?? .absent(key: key)
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [.revision(key: tableKey, owner.revision), condition],
                operations: operations))
        if case .committed(let revision) = result {
            self.revision = revision
            savedPages = written
            return true
        }
        // The table may have been altered, or another may have written.
        try await reread()
        return savedPages == pages
    }

    /// Finds out whether the last exchange took place. Throws `ConsumerFenced`.
    private func reread() async throws {
        do {
            let found = try await client.machine.coordination.get(key)
            let present = try found.map {
                try client.mirror.read(ConsumerPages.self, from: $0.value)
            }
            if let present, present.epoch > pages.epoch {
                throw ConsumerFenced(epoch: present.epoch)
            }
            revision = found?.revision
            savedPages = present
        } catch is CoordinationError {
        }
    }
}

/// Thrown to a consumer whose ledger is another's by now, or whose table is gone: end.
public struct ConsumerFenced: Error, CustomStringConvertible {
    /// Of whoever has the ledger; nil where the table is gone.
    public var epoch: Int64?

    public var description: String {
        epoch.map { "another has taken the ledger over, in epoch \($0)" }
            ?? "the table was dropped"
    }
}

/// What stands in a ledger.
struct ConsumerPages: StoredValue, Hashable {
    /// Of the consumer that may write.
    var epoch: Int64 = 0
    var confirmed = ConsumedOffsets()
    var begun = ConsumedOffsets()

    init() {}

    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: epoch)
        confirmed.encode(into: &writer)
        begun.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        epoch = try reader.readLittleEndian()
        confirmed = try ConsumedOffsets(from: &reader)
        begun = try ConsumedOffsets(from: &reader)
    }
}
