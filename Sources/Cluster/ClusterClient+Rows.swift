public import Changelog
public import Columnar

/// Rows of a whole table, over its partitions and buckets.
extension ClusterClient {
    /// The bucket that the row with a primary key is in; nil where its partition is not there.
    public func bucket(
        ofKey key: [Value], in table: TableDescription
    ) throws -> BucketIdentifier? {
        let number = Int32(try Bucketing(table).bucket(ofKey: key))
        guard let partitioning = Partitioning(table) else {
            return BucketIdentifier(table: table.identifier, bucket: number)
        }
        let name = PartitionDescription.name(of: try partitioning.values(ofKey: key))
        return mirror.partition(name, of: table.identifier).map {
            BucketIdentifier(
                table: table.identifier, partition: $0.identifier, bucket: number)
        }
    }

    /// The committed row of each primary key, nil where there is none; each bucket is asked once.
    ///
    /// With `insertingMissing` a key that has no row gets one, with nothing but the key and its
    /// number, where the table has its rows numbered; its partition has to be there.
    public func lookup(
        _ keys: [[Value]], in table: TableDescription, insertingMissing: Bool = false
    ) async throws -> [Row?] {
        let codec = KeyCodec(primaryKeyOf: table.schema)
        var positions: [BucketIdentifier: [Int]] = [:]
        for (position, key) in keys.enumerated() {
            guard let bucket = try bucket(ofKey: key, in: table) else {
                if !insertingMissing { continue }
                let name = PartitionDescription.name(
                    of: try Partitioning(table)?.values(ofKey: key) ?? [])
                throw ClusterError.unknownPartition(name: "\(table.path) \(name)")
            }
            positions[bucket, default: []].append(position)
        }
        var rows = [Row?](repeating: nil, count: keys.count)
        for bucket in positions.keys.sorted() {
            let wanted = positions[bucket]!
            let encoded = try wanted.map { try codec.encode(keys[$0]) }
            let found =
                insertingMissing
                ? try await insertIfAbsent(encoded, in: bucket)
                : try await lookup(encoded, in: bucket).rows
            for (position, bytes) in zip(wanted, found) {
                rows[position] = try bytes.map { try decodeRow($0, of: table) }
            }
        }
        return rows
    }

    /// As `lookup(_:in:)` of encoded keys; one that has no row gets one, with nothing but the key.
    public func insertIfAbsent(
        _ keys: [[UInt8]], in bucket: BucketIdentifier
    ) async throws -> [[UInt8]?] {
        guard
            case .rows(let rows, _) = try await callLeader(
                of: bucket, .insertIfAbsent(bucket, keys: keys)), rows.count == keys.count
        else {
            throw ClusterError.malformedMessage(reason: "no answer to a lookup in \(bucket)")
        }
        return rows
    }

    /// A row's bytes as the table's present schema sees them.
    public func decodeRow(_ bytes: [UInt8], of table: TableDescription) throws -> Row {
        let table = mirror.tables[table.identifier] ?? table
        let identifier = try RowCodec.schemaIdentifier(of: bytes)
        guard let writer = table.schemas.schema(identifier) else {
            throw ClusterError.busy(
                reason: "schema \(identifier) of table \(table.path) is not known here yet")
        }
        return try RowCodec(schema: table.schema).decode(bytes, writer: writer)
    }

    /// All rows whose primary keys begin with some values, in key order, as of one moment of their
    /// bucket.
    ///
    /// The values have to tell the bucket and the partition: all columns of both keys are among
    /// the first of the primary key.
    public func lookup(
        prefix: [Value], in table: TableDescription
    ) async throws -> [Row] {
        guard let number = try Bucketing(table).bucket(ofPrefix: prefix),
            table.partitionKey.allSatisfy({ column in
                table.schema.primaryKey.prefix(prefix.count).contains(column)
            })
        else {
            throw ClusterError.invalidRequest(
                reason: "the first \(prefix.count) columns of the key of \(table.path) do not "
                    + "tell the bucket: give all of its bucket key")
        }
        var bucket = BucketIdentifier(table: table.identifier, bucket: Int32(number))
        if table.isPartitioned {
            // Columns that the prefix lacks do not matter to the partition.
            let key =
                prefix
                + [Value](
                    repeating: .null, count: table.schema.primaryKey.count - prefix.count)
            let name = PartitionDescription.name(
                of: try Partitioning(table)?.values(ofKey: key) ?? [])
            guard let partition = mirror.partition(name, of: table.identifier) else { return [] }
            bucket.partition = partition.identifier
        }
        let encoded = try KeyCodec(primaryKeyOf: table.schema).encode(prefix)
        var rows: [Row] = []
        let scan = SnapshotScan(self, bucket, prefix: encoded)
        while let page = try await scan.next() {
            for row in page { rows.append(try decodeRow(row.row, of: table)) }
        }
        return rows
    }

    /// Some rows of a table, at most `limit`: of a primary-key table any, of a log table the newest
    /// of each bucket.
    public func limitScan(_ table: TableDescription, limit: Int) async throws -> [Row] {
        var rows: [Row] = []
        for bucket in mirror.buckets(of: table) where rows.count < limit {
            let wanted = limit - rows.count
            if table.isPrimaryKeyTable {
                for found in try await scan(bucket, after: nil, limit: wanted).rows {
                    rows.append(try decodeRow(found.row, of: table))
                }
            } else {
                rows += try await newestRows(of: bucket, table, wanted)
            }
        }
        return rows
    }

    /// The newest rows of a log, as many as `limit`, oldest first.
    public func newestBatches(
        of bucket: BucketIdentifier, limit: Int
    ) async throws -> (batches: [LogBatch], from: Int64) {
        let offsets = try await offsets(of: bucket)
        let start = max(offsets.start, offsets.highWatermark - Int64(limit))
        var batches: [LogBatch] = []
        var next = start
        while next < offsets.highWatermark {
            let fetched = try await fetch(bucket, from: next, waiting: .zero)
            if fetched.nextOffset <= next { break }
            batches += fetched.batches
            next = fetched.nextOffset
        }
        return (batches, start)
    }

    private func newestRows(
        of bucket: BucketIdentifier, _ table: TableDescription, _ limit: Int
    ) async throws -> [Row] {
        let table = mirror.tables[table.identifier] ?? table
        let (batches, start) = try await newestBatches(of: bucket, limit: limit)
        var rows: [Row] = []
        for batch in batches {
            let records = try batch.decodeRecords(table.schemas).records
            for position in 0..<records.rowCount
            where batch.baseOffset + Int64(position) >= start {
                rows.append(records.row(at: position))
            }
        }
        return Array(rows.suffix(limit))
    }
}
