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
            var answer = PutBucket()
            answer.bucketID = part.bucketID
            answer.partitionID = part.partitionID
            do {
                let bucket = try bucket(part.bucketID, part.partitionID, of: table)
                let batch = try KeyValueBatch(decoding: part.records)
                guard let schema = table.schemas.schema(batch.schemaIdentifier) else {
                    throw FlussError.refused(
                        .schemaNotExist,
                        reason: "\(table.path) has had no schema \(batch.schemaIdentifier)")
                }
                let columns = try targets(request.targetColumns, in: schema, of: table)
                let keys = WireKeys(schema)
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
                let written = try await client.upsert(
                    changes, columns: columns, to: bucket, writer: batch.writer,
                    sequence: batch.sequence)
                answer.logEndOffset = written.endOffset
            } catch {
                let error = try wireError(error)
                answer.errorCode = error.code.rawValue
                answer.errorMessage = "\(error)"
            }
            response.buckets.append(answer)
        }
        return response
    }

    func lookup(_ request: LookupRequest) async throws -> LookupResponse {
        let table = try keyTable(request.tableID)
        if request.insertIfNotExists == true {
            throw FlussError.refused(
                .unsupportedVersion, reason: "a lookup that inserts is not served yet")
        }
        let keys = WireKeys(table.schema)
        var response = LookupResponse()
        for part in request.buckets {
            var answer = LookedUpBucket()
            answer.bucketID = part.bucketID
            answer.partitionID = part.partitionID
            do {
                let bucket = try bucket(part.bucketID, part.partitionID, of: table)
                var wanted: [[UInt8]] = []
                for key in part.keys { wanted.append(try keys.decode(key)) }
                answer.values = try await client.lookup(wanted, in: bucket).rows.map { row in
                    var value = LookedUpValue()
                    value.bytes = row
                    return value
                }
            } catch {
                let error = try wireError(error)
                answer.errorCode = error.code.rawValue
                answer.errorMessage = "\(error)"
            }
            response.buckets.append(answer)
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
        let keys = WireKeys(table.schema, columnCount: table.bucketKey.count)
        var response = PrefixLookupResponse()
        for part in request.buckets {
            var answer = PrefixLookedUpBucket()
            answer.bucketID = part.bucketID
            answer.partitionID = part.partitionID
            do {
                let bucket = try bucket(part.bucketID, part.partitionID, of: table)
                for key in part.keys {
                    var values = LookedUpValues()
                    values.bytes = try await rows(beginning: try keys.decode(key), in: bucket)
                    answer.values.append(values)
                }
            } catch {
                let error = try wireError(error)
                answer.errorCode = error.code.rawValue
                answer.errorMessage = "\(error)"
            }
            response.buckets.append(answer)
        }
        return response
    }

    /// All rows of a prefix, page by page, as far as an answer can hold them.
    private func rows(
        beginning prefix: [UInt8], in bucket: BucketIdentifier
    ) async throws -> [[UInt8]] {
        var rows: [[UInt8]] = []
        var byteCount = 0
        var last: [UInt8]?
        while true {
            let page = try await client.lookup(
                prefix: prefix, in: bucket, after: last, limit: 1000)
            rows += page.rows.map(\.row)
            byteCount += page.rows.reduce(0) { $0 + $1.row.count }
            if byteCount > frameSizeLimit / 4 {
                throw FlussError.refused(
                    .recordTooLarge,
                    reason:
                        "the rows of one prefix in \(bucket) are over \(frameSizeLimit / 4) bytes")
            }
            last = page.rows.last?.key
            if page.isLast || last == nil { return rows }
        }
    }

    func limitScan(_ request: LimitScanRequest) async throws -> LimitScanResponse {
        var response = LimitScanResponse()
        do {
            let table = try keyTable(request.tableID)
            let bucket = try bucket(request.bucketID, request.partitionID, of: table)
            guard (1...Int32(10_000)).contains(request.limit) else {
                throw FlussError.refused(
                    .invalidScanRequest, reason: "a limit of \(request.limit), not 1 to 10,000")
            }
            let scanned = try await client.scan(bucket, after: nil, limit: Int(request.limit))
            response.isLogTable = false
            response.records = ValueBatch.encode(scanned.rows.map(\.row))
        } catch {
            let error = try wireError(error)
            response.errorCode = error.code.rawValue
            response.errorMessage = "\(error)"
        }
        return response
    }

    private func keyTable(_ identifier: Int64) throws(FlussError) -> TableDescription {
        let table = try table(identifier)
        if !table.isPrimaryKeyTable {
            throw .refused(.nonPrimaryKeyTable, reason: "\(table.path) has no primary key")
        }
        return table
    }
}

/// Keys as the protocol has them: the values of a row without its null bits (CompactedKeyEncoder).
///
/// Those bytes do not order as the keys do; the engine's must (see `KeyCodec`), so a key is decoded
/// and encoded anew.
private struct WireKeys {
    private let row: RowCodec
    private let key: KeyCodec
    private let prefix: [UInt8]

    /// Keys of all columns of the primary key, or of its first `columnCount`.
    init(_ schema: Schema, columnCount: Int? = nil) {
        let columns = schema.primaryKey.prefix(columnCount ?? .max).map { schema.fields[$0] }
        let keySchema = Schema(fields: columns)
        row = RowCodec(schema: keySchema)
        key = KeyCodec(primaryKeyOf: schema)
        var bytes = ByteWriter()
        bytes.append(littleEndian: keySchema.identifier)
        bytes.append(zeros: (columns.count + 7) / 8)
        prefix = bytes.bytes
    }

    func decode(_ bytes: [UInt8]) throws(ColumnarError) -> [UInt8] {
        try key.encode(try row.decode(prefix + bytes))
    }
}
