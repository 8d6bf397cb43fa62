import Cluster
import Columnar
import Platform

extension Gateway {
    func putKeyValue(_ request: PutKeyValueRequest) async throws -> PutKeyValueResponse {
        let table = try keyTable(request.tableID)
        if (request.aggregationMode ?? 0) != 0 {
            throw FlussError.refused(
                .unsupportedVersion,
                reason: "aggregation mode \(request.aggregationMode ?? 0) is not served")
        }
        var response = PutKeyValueResponse()
        for part in request.buckets {
            response.buckets.append(
                try await answer(part.bucketID, part.partitionID) { answer in
                    answer.logEndOffset = try await put(part, request.targetColumns, table)
                })
        }
        return response
    }

    /// Writes one bucket's changes; answers the end of its log then.
    private func put(
        _ part: RecordsForBucket, _ targetColumns: [Int32], _ table: TableDescription
    ) async throws -> Int64 {
        let bucket = try bucket(part.bucketID, part.partitionID, of: table)
        let batch = try KeyValueBatch(decoding: part.records)
        guard let schema = table.schemas.schema(batch.schemaIdentifier) else {
            throw FlussError.refused(
                .schemaNotExist,
                reason: "\(table.path) has had no schema \(batch.schemaIdentifier)")
        }
        let columns = try targets(targetColumns, in: schema, of: table)
        let keys = try keys(of: table, bucket)
        var changes: [ClusterClient.RowChange] = []
        for record in batch.records {
            guard let row = record.row else {
                changes.append(.delete(key: try keys.decode(record.key)))
                continue
            }
            var encoded = ByteWriter(capacity: 2 + row.count)
            encoded.append(littleEndian: schema.identifier)
            encoded.append(row)
            changes.append(.upsert(row: encoded.bytes))
        }
        return try await client.upsert(
            changes, columns: columns, to: bucket, writer: batch.writer, sequence: batch.sequence
        ).endOffset
    }

    private func keys(
        of table: TableDescription, _ bucket: BucketIdentifier
    ) throws(FlussError) -> WireKeys {
        guard let identifier = bucket.partition else { return WireKeys(table, [:]) }
        guard let partition = client.mirror.partitions[table.identifier]?[identifier],
            let values = table.partitionValues(partition)
        else {
            throw .refused(
                .partitionNotExists, reason: "\(table.path) has no partition \(identifier)")
        }
        return WireKeys(table, values)
    }

    func lookup(_ request: LookupRequest) async throws -> LookupResponse {
        let table = try keyTable(request.tableID)
        let isInserting = request.insertIfNotExists == true
        var response = LookupResponse()
        for part in request.buckets {
            response.buckets.append(
                try await answer(part.bucketID, part.partitionID) { answer in
                    let bucket = try bucket(part.bucketID, part.partitionID, of: table)
                    let keys = try keys(of: table, bucket)
                    var wanted: [[UInt8]] = []
                    for key in part.keys { wanted.append(try keys.decode(key)) }
                    let rows =
                        isInserting
                        ? try await client.insertIfAbsent(wanted, in: bucket)
                        : try await client.lookup(wanted, in: bucket).rows
                    answer.values = rows.map { row in
                        var value = LookedUpValue()
                        value.bytes = row
                        return value
                    }
                })
        }
        return response
    }

    /// The identifiers of the columns at some positions; nil for all, which is none named.
    private func targets(
        _ positions: [Int32], in schema: Schema, of table: TableDescription
    ) throws(FlussError) -> [Int32]? {
        if positions.isEmpty { return nil }
        var identifiers: [Int32] = []
        for position in positions {
            guard schema.fields.indices.contains(Int(position)) else {
                throw .refused(
                    .invalidTargetColumn, reason: "\(table.path) has no column \(position)")
            }
            identifiers.append(schema.fields[Int(position)].identifier)
        }
        return identifiers
    }

    func prefixLookup(_ request: PrefixLookupRequest) async throws -> PrefixLookupResponse {
        let table = try keyTable(request.tableID)
        var response = PrefixLookupResponse()
        for part in request.buckets {
            response.buckets.append(
                try await answer(part.bucketID, part.partitionID) { answer in
                    let bucket = try bucket(part.bucketID, part.partitionID, of: table)
                    let keys = try keys(of: table, bucket)
                    for key in part.keys {
                        var values = LookedUpValues()
                        values.bytes = try await rows(
                            beginning: try keys.decode(prefix: key), in: bucket)
                        answer.values.append(values)
                    }
                })
        }
        return response
    }

    /// All rows of a prefix as of one moment, as far as an answer can hold them.
    private func rows(
        beginning prefix: [UInt8], in bucket: BucketIdentifier
    ) async throws -> [[UInt8]] {
        var rows: [[UInt8]] = []
        var byteCount = 0
        let scan = SnapshotScan(client, bucket, prefix: prefix)
        while let page = try await scan.next() {
            rows += page.map(\.row)
            byteCount += page.reduce(0) { $0 + $1.row.count }
            if byteCount > frameSizeLimit / 4 {
                try await scan.end()
                throw FlussError.refused(
                    .recordTooLarge,
                    reason:
                        "the rows of one prefix in \(bucket) are over \(frameSizeLimit / 4) bytes")
            }
        }
        return rows
    }

    func keyTable(_ identifier: Int64) throws(FlussError) -> TableDescription {
        let table = try table(identifier)
        if !table.isPrimaryKeyTable {
            throw .refused(.nonPrimaryKeyTable, reason: "\(table.path) has no primary key")
        }
        return table
    }
}
