import Changelog
import Cluster
import Columnar
import Platform
import Server

/// Questions that go by what a table is: its keys, its columns, its partitions, its history.
extension ClusterReader {
    func ask(ofTable table: TableDescription, _ bucket: BucketIdentifier) async throws {
        // A cluster whose oldest member is of an earlier format has none of these calls.
        guard let log = oracles.evidence.logs[bucket], client.mirror.format == .newest else {
            return
        }
        let table = client.mirror.tables[table.identifier] ?? table
        // Tables that stay as they are, those of benchmarks too, are asked nothing of the last two.
        let isEvolving = oracles.evidence.observation.workloads.contains {
            $0.isEvolving(table.identifier)
        }
        switch random.next(in: 0..<(isEvolving ? 11 : 8)) {
        case 0 where table.isPrimaryKeyTable && !log.keys.isEmpty:
            try await asking(.lookup) { try await lookUpPrefix(bucket, log) }
        case 1 where table.isPrimaryKeyTable:
            try await asking(.scan) { try await scanOneMoment(bucket, log, prefix: []) }
        case 2 where table.isPartitioned: try await asking(.lookup) { try prune(table) }
        case 3: try await asking(.follow) { try await findMoment(bucket, log) }
        case 4 where table.isPrimaryKeyTable:
            try await asking(.scan) { try await scanSome(table) }
        case 4: try await asking(.follow) { try await readNewest(bucket, log) }
        case 5: try await asking(.filter) { try await readWanted(bucket, table) }
        case 6: try await asking(.consume) { try await consume(bucket, table) }
        case 8, 9: try await asking(.lookup) { try await lookUpAcross(table) }
        case 10: try await asking(.follow) { try await findEnds(bucket, log) }
        default: try await asking(.follow) { try await readAgain(bucket, log) }
        }
    }

    // MARK: Many keys

    /// Keys of several buckets in one lookup, as a client's page of them.
    private func lookUpAcross(_ table: TableDescription) async throws -> String? {
        let logs = oracles.evidence.logs(of: table.identifier).filter { !$0.keys.isEmpty }
        if !table.isPrimaryKeyTable || logs.isEmpty { return nil }
        let codec = KeyCodec(primaryKeyOf: table.schema)
        var asked: [(log: CommittedLog, key: [UInt8], known: Int64)] = []
        for _ in 0..<(2 + random.next(in: 0..<10)) {
            let log = logs[random.next(in: 0..<logs.count)]
            let known = oracles.evidence.acknowledgedEnds[log.bucket] ?? 0
            asked.append((log, log.keys[random.next(in: 0..<log.keys.count)], known))
        }
        let keys = try asked.map { try codec.decode($0.key) }
        let rows = try await client.lookup(keys, in: table)
        var ends: [BucketIdentifier: Int64] = [:]
        for log in logs where asked.contains(where: { $0.log === log }) {
            if client.mirror.isGone(log.bucket) { return "\(log.place) was dropped" }
            ends[log.bucket] = try await client.offsets(of: log.bucket).highWatermark
        }
        let present = client.mirror.tables[table.identifier]
        // Read under a schema that came meanwhile, or written under one that is not known yet.
        guard present?.schema == table.schema else { return nil }
        oracles.tell(
            .lookedUpAcross(
                TableLookupAnswer(
                    schema: table.schema,
                    entries: zip(asked, rows).map { question, row in
                        TableLookupAnswer.Entry(
                            log: question.log, key: question.key,
                            found: row.map { CommittedLog.hash($0) }, known: question.known,
                            end: ends[question.log.bucket]!)
                    })))
        return nil
    }

    // MARK: Rows of one moment

    /// All rows whose keys begin as one that was there does, where that tells the bucket.
    private func lookUpPrefix(
        _ bucket: BucketIdentifier, _ log: CommittedLog
    ) async throws -> String? {
        let table = log.table
        let key = log.keys[random.next(in: 0..<log.keys.count)]
        let codec = KeyCodec(primaryKeyOf: table.schema)
        let values = try codec.decode(key)
        if let placed = try client.bucket(ofKey: values, in: table), placed != bucket {
            oracles.tell(
                .notAnswered(
                    .lookup,
                    reason: "\(log.place) has key \(log.describe(key)), and a client looks for "
                        + "it in \(placed)"))
        }
        let needed = (table.bucketKey + table.partitionKey).compactMap {
            table.schema.primaryKey.firstIndex(of: $0)
        }
        let count = (needed.max() ?? 0) + 1
        if count == values.count || values.count == 1 { return nil }
        let prefix = Array(values.prefix(count))
        let rows = try await client.lookup(prefix: prefix, in: table)
        let columns = table.schema.primaryKey.prefix(count)
        for row in rows where row.count == table.schema.fields.count {
            let found = columns.map { row[$0] }
            if Value.compare(found, prefix) == .same { continue }
            oracles.tell(
                .notAnswered(
                    .lookup,
                    reason: "\(log.place): the lookup of what begins with "
                        + "\(prefix.map(\.plainText)) shows \(found.map(\.plainText))"))
        }
        return try await scanOneMoment(bucket, log, prefix: try codec.encode(prefix))
    }

    /// A scan under a lease: all its pages are of one moment.
    private func scanOneMoment(
        _ bucket: BucketIdentifier, _ log: CommittedLog, prefix: [UInt8]
    ) async throws -> String? {
        let known = oracles.evidence.acknowledgedEnds[bucket] ?? 0
        let scan = SnapshotScan(
            client, bucket, prefix: prefix, pageLimit: 1 + random.next(in: 0..<50))
        var found: [[UInt8]: UInt64] = [:]
        var rows: [(key: [UInt8], row: [UInt8]?)] = []
        do {
            while let page = try await scan.next() {
                for (key, row) in page {
                    found[key] = try log.hash(ofStored: row)
                    rows.append((key, row))
                }
                // What is written meanwhile is none of its business.
                if random.chance(1, in: 3) {
                    try await machine.sleep(.milliseconds(random.next(in: 1..<500)))
                }
            }
        } catch ClusterError.scanExpired {
            return "the scan ended with its leader"
        }
        guard let offset = scan.offset else { return nil }
        oracles.tell(
            .scanned(
                ScanAnswer(
                    log: log, start: nil, last: nil, prefix: prefix, found: found, offset: offset,
                    known: known)))
        try tellEvolved("scan of one moment", rows, log, at: offset)
        return nil
    }

    /// Some rows of a whole table: no more than asked for, each of another key that was written.
    private func scanSome(_ table: TableDescription) async throws -> String? {
        let limit = 1 + random.next(in: 0..<30)
        let rows = try await client.limitScan(table, limit: limit)
        let present = client.mirror.tables[table.identifier] ?? table
        let codec = KeyCodec(primaryKeyOf: present.schema)
        var keys: Set<[UInt8]> = []
        for row in rows {
            // Read under a schema that came meanwhile.
            if row.count != present.schema.fields.count { return nil }
            keys.insert(try codec.encode(present.schema.key(of: row)))
        }
        oracles.tell(
            .scannedSome(
                PartialScanAnswer(
                    table: present, limit: limit, rowCount: rows.count,
                    keys: keys.sorted { $0.lexicographicallyPrecedes($1) })))
        return nil
    }

    // MARK: Partitions

    /// The partitions that a client would read for a value which occurs.
    private func prune(_ table: TableDescription) throws -> String? {
        let partitions = client.mirror.partitions(of: table.identifier)
        if partitions.isEmpty { return nil }
        let partition = partitions[random.next(in: 0..<partitions.count)]
        let place = random.next(in: 0..<partition.values.count)
        let column = table.partitionKey[place]
        guard let value = table.partitionValues(partition)?[column] else {
            throw ClusterError.malformedMessage(
                reason: "partition \(partition.name) of \(table.path) has no such values")
        }
        let found = try client.partitions(
            of: table, where: [table.schema.fields[column].name: partition.values[place]])
        oracles.tell(
            .pruned(
                PrunedAnswer(
                    table: table, column: column, value: value,
                    partitions: found.map(\.identifier))))
        return nil
    }

    // MARK: The log

    /// From which offset on a log is of some moment or later.
    private func findMoment(
        _ bucket: BucketIdentifier, _ log: CommittedLog
    ) async throws -> String? {
        if log.entries.isEmpty { return nil }
        let entry = log.entries[random.next(in: 0..<log.entries.count)]
        let moment = Timestamp(
            millisecondsSinceEpoch: entry.commitTimestamp.millisecondsSinceEpoch
                + Int64(random.next(in: 0..<3)) - 1)
        let seen = log.endOffset
        let offset = try await client.offset(.timestamp(moment), of: bucket)
        let start = oracles.evidence.startOffset(of: bucket)
        oracles.tell(
            .foundMoment(
                MomentAnswer(
                    log: log, timestamp: moment, offset: offset, seen: seen, start: start)))
        return nil
    }

    /// Where a log begins and ends.
    private func findEnds(
        _ bucket: BucketIdentifier, _ log: CommittedLog
    ) async throws -> String? {
        let observation = oracles.evidence.observation
        let leader = observation.state(of: bucket)?.leader
        let disturbed = leader.flatMap { observation.lastDisturbance(of: $0.server) }
        let known = oracles.evidence.acknowledgedEnds[bucket] ?? 0
        let earliest = try await client.offset(.earliest, of: bucket)
        let latest = try await client.offset(.latest, of: bucket)
        var committed: Int64?
        if let leader, observation.state(of: bucket)?.leader == leader, disturbed != .max,
            observation.lastDisturbance(of: leader.server) == disturbed
        {
            committed =
                observation.deployment.runningServers.first {
                    $0.name.description == leader.server
                }?.server.replicas[bucket]?.highWatermark
        }
        oracles.tell(
            .foundEnds(
                EndsAnswer(
                    log: log, earliest: earliest, latest: latest, known: known,
                    start: oracles.evidence.startOffset(of: bucket), committed: committed)))
        return nil
    }

    /// The newest rows of a log, as many as asked for.
    private func readNewest(
        _ bucket: BucketIdentifier, _ log: CommittedLog
    ) async throws -> String? {
        let known = oracles.evidence.acknowledgedEnds[bucket] ?? 0
        let (batches, start) = try await client.newestBatches(
            of: bucket, limit: 1 + random.next(in: 0..<40))
        // The newest are those up to what was acknowledged before, at least.
        let end = max(batches.last?.endOffset ?? 0, known)
        if end == 0 { return nil }
        var changes: [Int64: CommittedLog.Change] = [:]
        for batch in batches {
            let (records, types) = try batch.decodeRecords(log.schema(batch.schemaIdentifier))
            for place in 0..<records.rowCount where batch.baseOffset + Int64(place) >= start {
                changes[batch.baseOffset + Int64(place)] = CommittedLog.Change(
                    hash: CommittedLog.hash(records.row(at: place)), key: -1, type: types[place])
            }
        }
        oracles.tell(.followed(FollowAnswer(log: log, start: start, end: end, changes: changes)))
        return nil
    }

    /// Fetches a part of a log again, now and then only some columns, and has each row seen under a
    /// later schema.
    private func readAgain(
        _ bucket: BucketIdentifier, _ log: CommittedLog
    ) async throws -> String? {
        if log.endOffset == 0 { return nil }
        let start = Int64(random.next(in: 0..<Int(log.endOffset)))
        let schema = log.table.schema
        var columns: [Int]?
        if random.chance(1, in: 2) {
            columns = schema.fields.indices.filter { _ in random.chance(1, in: 2) }
            if columns!.isEmpty { columns = [random.next(in: 0..<schema.fields.count)] }
        }
        let fetched: FetchedBatches
        do {
            fetched = try await client.fetch(
                bucket, from: start, waiting: .zero, byteCount: 64 * 1024,
                columns: columns.map { $0.map { schema.fields[$0].identifier } })
        } catch let error as ClusterError {
            guard case .offsetOutOfRange(_, let offset, let first, let end) = error else {
                throw error
            }
            // A new leader has not heard yet how far its log is committed.
            if offset > end { return "\(error)" }
            oracles.tell(.refusedPast(offset, there: first..<max(first, end), of: log))
            return nil
        } catch let error as ChangelogError {
            oracles.tell(.notAnswered(.follow, reason: "\(error)"))
            return nil
        }
        guard let columns else {
            try tellEvolved(fetched.batches, log, from: start)
            return nil
        }
        var answer = EvolvedAnswer(
            log: log, schema: schema, columns: columns, way: "fetch of some columns", offset: start)
        let history = try SchemaHistory(
            validating: log.table.schemas.schemas.filter {
                $0.identifier <= schema.identifier
            })
        for batch in fetched.batches where batch.schemaIdentifier <= schema.identifier {
            let records = try batch.decodeRecords(
                history, pruned: columns.map { schema.fields[$0].identifier }
            ).records
            for place in 0..<records.rowCount where batch.baseOffset + Int64(place) >= start {
                answer.byOffset[batch.baseOffset + Int64(place)] = records.row(at: place)
                answer.offset = batch.baseOffset + Int64(place) + 1
            }
        }
        if !answer.byOffset.isEmpty { oracles.tell(.readUnderSchema(answer)) }
        return nil
    }

    // MARK: Later schemas

    /// One of the schemas that a log's rows may be read under; nil where there is only one.
    private func aSchema(of log: CommittedLog) -> Schema? {
        let schemas = log.table.schemas.schemas
        if schemas.count == 1 { return nil }
        return random.chance(1, in: 2)
            ? schemas[schemas.count - 1] : schemas[random.next(in: 0..<schemas.count)]
    }

    /// Has stored rows seen under a later schema.
    func tellEvolved(
        _ way: String, _ rows: [(key: [UInt8], row: [UInt8]?)], _ log: CommittedLog,
        at offset: Int64
    ) throws {
        guard let schema = aSchema(of: log) else { return }
        var answer = EvolvedAnswer(log: log, schema: schema, way: way, offset: offset)
        let codec = RowCodec(schema: schema)
        for (key, bytes) in rows {
            guard let bytes else { continue }
            let writer = try log.schema(try RowCodec.schemaIdentifier(of: bytes))
            if writer.identifier > schema.identifier { continue }
            answer.byKey[key] = try codec.decode(bytes, writer: writer)
        }
        if !answer.byKey.isEmpty { oracles.tell(.readUnderSchema(answer)) }
    }

    /// Has the rows of batches seen under a later schema.
    func tellEvolved(_ batches: [LogBatch], _ log: CommittedLog, from start: Int64) throws {
        guard let schema = aSchema(of: log) else { return }
        var answer = EvolvedAnswer(log: log, schema: schema, way: "log", offset: start)
        for batch in batches where batch.schemaIdentifier <= schema.identifier {
            let records = try batch.decodeRecords(log.table.schemas, as: schema).records
            for place in 0..<records.rowCount where batch.baseOffset + Int64(place) >= start {
                answer.byOffset[batch.baseOffset + Int64(place)] = records.row(at: place)
                answer.offset = batch.baseOffset + Int64(place) + 1
            }
        }
        if !answer.byOffset.isEmpty { oracles.tell(.readUnderSchema(answer)) }
    }
}
