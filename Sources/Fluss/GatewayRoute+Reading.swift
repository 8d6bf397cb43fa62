import Changelog
public import Cluster
public import Columnar

/// Reads of logs through gateways.
extension GatewayRoute: ReadRoute {
    public func canSay(_ type: DataType) -> Bool {
        switch type {
        case .boolean, .tinyint, .smallint, .int, .bigint, .float, .double, .char, .string,
            .decimal, .date, .binary, .bytes:
            true
        default: false
        }
    }

    public func fetch(
        _ bucket: BucketIdentifier, from offset: Int64, byteCount: Int, wanted: LogPredicate
    ) async throws -> FetchedBatches {
        guard let table = client.mirror.tables[bucket.table] else {
            throw ClusterError.unknownBucket(bucket)
        }
        var part = FetchLogRequestForBucket()
        part.partitionID = bucket.partition
        part.bucketID = bucket.bucket
        part.fetchOffset = offset
        part.maximumFetchBytes = Int32(clamping: byteCount)
        var ofTable = FetchLogRequestForTable()
        ofTable.tableID = bucket.table
        ofTable.buckets = [part]
        ofTable.filterPredicate = try wanted.message(table).encoded
        ofTable.filterSchemaID = Int32(table.schema.identifier)
        var request = FetchLogRequest()
        request.followerServerID = -1
        request.maximumBytes = Int32(clamping: byteCount)
        request.maximumWaitMilliseconds = 0
        request.tables = [ofTable]
        let answer: FetchLogResponse = try await say(bucket, 0, 0) {
            try await self.call(.fetchLog, request)
        }
        guard let told = answer.tables.first?.buckets.first else { throw Self.noAnswer(bucket) }
        if let code = told.errorCode {
            switch FlussError.ErrorCode(rawValue: code) {
            // Who answers may not have heard yet what this client has.
            case .logOffsetOutOfRange, .schemaNotExist:
                throw ClusterError.busy(reason: told.errorMessage ?? "code \(code)")
            default: throw error(code, told.errorMessage, bucket, 0, 0)
            }
        }
        let batches = try Self.batches(told.records ?? [])
        return FetchedBatches(
            batches: batches.filter { $0.lastOffset >= offset },
            highWatermark: told.highWatermark ?? offset,
            nextOffset: told.filteredEndOffset ?? batches.last?.endOffset ?? offset)
    }

    /// The engine's batches of those that a gateway sends, at their offsets.
    private static func batches(_ bytes: [UInt8]) throws -> [LogBatch] {
        var reader = ByteReader(bytes)
        var found: [LogBatch] = []
        while !reader.isAtEnd {
            let start = reader.position
            let base = try reader.readLittleEndian(Int64.self)
            try reader.skip(Int(try reader.readLittleEndian(Int32.self)))
            let batch: LogBatch
            do { batch = try WireLogBatch.decode(Array(bytes[start..<reader.position])) } catch {
                throw ClusterError.malformedMessage(reason: "a batch at offset \(base): \(error)")
            }
            var placed = ByteWriter(capacity: batch.byteCount)
            placed.append(littleEndian: base)
            placed.append(batch.bytes.dropFirst(8))
            found.append(try LogBatch(validating: placed.bytes))
        }
        return found
    }
}

extension LogPredicate {
    /// As clients of the protocol say it; `invalidRequest` where they cannot.
    fileprivate func message(_ table: TableDescription) throws(ClusterError) -> PredicateMessage {
        switch self {
        case .column(let name, let comparison, let value):
            let isBare = comparison == .isNull || comparison == .isNotNull
            return try Self.leaf(LeafFunction(comparison), name, isBare ? [] : [value], table)
        case .oneOf(let name, let values): return try Self.leaf(.in, name, values, table)
        case .all(let parts): return try Self.join(0, parts, table)
        case .any(let parts): return try Self.join(1, parts, table)
        }
    }

    private static func join(
        _ function: Int32, _ parts: [LogPredicate], _ table: TableDescription
    ) throws(ClusterError) -> PredicateMessage {
        var compound = CompoundPredicateMessage()
        compound.function = function
        for part in parts { compound.children.append(try part.message(table).encoded) }
        var message = PredicateMessage()
        message.type = 1
        message.compound = compound
        return message
    }

    private static func leaf(
        _ function: LeafFunction, _ name: String, _ values: [Value], _ table: TableDescription
    ) throws(ClusterError) -> PredicateMessage {
        guard let field = table.schema.fields.first(where: { $0.name == name }) else {
            throw .invalidRequest(reason: "\(table.path) has no column \(name)")
        }
        var leaf = LeafPredicateMessage()
        leaf.function = function.rawValue
        // The protocol counts fields from 0, the engine from 1.
        leaf.fieldID = field.identifier - 1
        for value in values {
            guard let literal = LiteralMessage(value, field.type) else {
                throw .invalidRequest(reason: "\(value) of \(field.type) cannot be said")
            }
            leaf.literals.append(literal)
        }
        var message = PredicateMessage()
        message.leaf = leaf
        return message
    }
}

extension LeafFunction {
    fileprivate init(_ comparison: LogFilter.Comparison) {
        self =
            switch comparison {
            case .equal: .equal
            case .less: .lessThan
            case .lessOrEqual: .lessOrEqual
            case .greater: .greaterThan
            case .greaterOrEqual: .greaterOrEqual
            case .isNull: .isNull
            case .isNotNull: .isNotNull
            }
    }
}

extension LiteralMessage {
    /// Nil for a value that the protocol cannot say.
    fileprivate init?(_ value: Value, _ type: DataType) {
        switch value {
        case .boolean(let flag): (literalType, boolean) = (0, flag)
        case .tinyint(let number): (literalType, int) = (1, Int32(number))
        case .smallint(let number): (literalType, int) = (2, Int32(number))
        case .int(let number): (literalType, int) = (3, number)
        case .bigint(let number): (literalType, bigint) = (4, number)
        case .float(let number): (literalType, float) = (5, number)
        case .double(let number): (literalType, double) = (6, number)
        case .string(let text): (literalType, string) = (8, text)
        case .decimal(let unscaled):
            literalType = 9
            if let short = Int64(exactly: unscaled) {
                decimal = short
            } else {
                decimalBytes = (0..<16).reversed().map {
                    UInt8(truncatingIfNeeded: unscaled >> Int128($0 * 8))
                }
            }
        case .date(let day): (literalType, bigint) = (10, Int64(day))
        case .bytes(let all): (literalType, bytes) = (15, all)
        default: return nil
        }
    }
}
