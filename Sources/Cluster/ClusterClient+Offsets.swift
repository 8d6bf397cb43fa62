import Columnar
public import Platform

/// Where in a log to begin.
public enum LogPosition: Hashable, Sendable {
    /// The first offset that can be read, here or from the remote log.
    case earliest
    /// What comes next: the high watermark.
    case latest
    /// The first batch that was committed at that time or later; the high watermark if none was.
    case timestamp(Timestamp)
}

extension ClusterClient {
    /// The offset of a position in a log.
    public func offset(_ position: LogPosition, of bucket: BucketIdentifier) async throws -> Int64 {
        switch position {
        case .earliest: return try await offsets(of: bucket).start
        case .latest: return try await offsets(of: bucket).highWatermark
        case .timestamp(let time):
            guard
                case .offset(let offset) = try await callLeader(
                    of: bucket, .offset(bucket, at: time))
            else {
                throw ClusterError.malformedMessage(reason: "no answer about offsets of \(bucket)")
            }
            return offset
        }
    }

    // MARK: Consumers

    /// Keeps how far a named consumer has read a table, for whoever reads on under that name.
    ///
    /// All offsets of the table are written at once, and replace what was kept before: one that
    /// reads back under the same name can begin anew. Kept until the table is dropped.
    ///
    /// The entry is exchanged, not put: a request of unknown outcome may get there late, when
    /// others are kept already.
    public func keep(
        _ offsets: [BucketIdentifier: Int64], of consumer: String, in table: TableDescription
    ) async throws {
        if let objection = TablePath.objection(to: consumer) {
            throw ClusterError.invalidRequest(
                reason: "consumer name \(consumer.debugDescription): \(objection)")
        }
        let value = ConsumedOffsets(offsets)
        for entry in value.entries where entry.bucket.table != table.identifier {
            throw ClusterError.invalidRequest(
                reason: "\(entry.bucket) is not of table \(table.path)")
        }
        var retry = Backoff(configuration)
        var isInDoubt = false
        while true {
            do {
                if try await exchange(value, of: consumer, in: table, isInDoubt) { return }
            } catch is CoordinationError {
                isInDoubt = true
                machine.observer.reached("offsets of a consumer kept again")
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    /// False if the table or what was kept was changed meanwhile.
    private func exchange(
        _ value: ConsumedOffsets, of consumer: String, in table: TableDescription,
        _ isInDoubt: Bool
    ) async throws -> Bool {
        let key = MetadataKey.consumer(table: table.identifier, consumer).text
        let tableKey = MetadataKey.table(table.identifier).text
        // Under the table's entry, so that nothing is kept of one that was dropped.
        guard let owner = try await machine.coordination.get(tableKey) else {
            throw ClusterError.unknownTable(name: "\(table.path)")
        }
        let before = try await machine.coordination.get(key)
        if isInDoubt, let before,
            try mirror.read(ConsumedOffsets.self, from: before.value) == value
        {
            return true
        }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [
                    .revision(key: tableKey, owner.revision),
                    before.map { .revision(key: key, $0.revision) } ?? .absent(key: key),
                ], operations: [.put(key: key, value: mirror.stored(value), lease: nil)]))
        if case .committed = result { return true }
        return false
    }

    /// How far a named consumer has read a table; empty if it never said.
    public func offsets(
        of consumer: String, in table: TableDescription
    ) async throws -> [BucketIdentifier: Int64] {
        let key = MetadataKey.consumer(table: table.identifier, consumer).text
        var retry = Backoff(configuration)
        while true {
            do {
                guard let entry = try await machine.coordination.get(key) else { return [:] }
                return try mirror.read(ConsumedOffsets.self, from: entry.value).byBucket
            } catch is CoordinationError {
                try await machine.sleep(retry.next(machine.entropy))
            }
        }
    }
}
