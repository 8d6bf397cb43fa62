import Changelog
import Cluster
import Columnar
import Platform

extension Gateway {
    // MARK: Writing

    func initWriter(_: InitWriterRequest) async throws -> InitWriterResponse {
        var response = InitWriterResponse()
        response.writerID = try await client.newWriter()
        return response
    }

    func produceLog(_ request: ProduceLogRequest) async throws -> ProduceLogResponse {
        let table = try table(request.tableID)
        var response = ProduceLogResponse()
        for part in request.buckets {
            response.buckets.append(
                try await answer(part.bucketID, part.partitionID) { answer in
                    let bucket = try bucket(part.bucketID, part.partitionID, of: table)
                    let batch = try table.withStatistics(WireLogBatch.decode(part.records))
                    answer.baseOffset = try await client.produce(batch, to: bucket).baseOffset
                })
        }
        return response
    }

    // MARK: Reading

    /// Answers as soon as one bucket has something, or when the client's patience ends.
    func fetchLog(_ request: FetchLogRequest, _ caller: Caller) async throws -> FetchLogResponse {
        let parts = request.tables.flatMap { table in table.buckets.map { (table, $0) } }
        var answers = [FetchLogResponseForBucket?](repeating: nil, count: parts.count)
        let arrived = Channel<(Int, FetchLogResponseForBucket)>(machine)
        let patience = Duration.milliseconds(
            Int64(max(0, min(request.maximumWaitMilliseconds ?? 0, 30_000))))
        for (number, part) in parts.enumerated() {
            machine.spawn("fetch for a Fluss client") {
                let answer = try await self.fetch(
                    part.1, of: part.0, for: caller, waiting: patience,
                    byteCount: Int(request.maximumBytes))
                arrived.send((number, answer))
            }
        }
        var missing = parts.count
        var hasNews = false
        while missing > 0 {
            // The others' answers come soon after the first that has something, or not at all.
            let deadline = hasNews ? machine.clock.now + .milliseconds(5) : nil
            guard let (number, answer) = try await arrived.receive(until: deadline) else { break }
            answers[number] = answer
            missing -= 1
            if answer.errorCode != nil || answer.records?.isEmpty == false
                || answer.filteredEndOffset != nil
            {
                hasNews = true
            }
        }
        return fetched(request, answers)
    }

    private func fetched(
        _ request: FetchLogRequest, _ answers: [FetchLogResponseForBucket?]
    ) -> FetchLogResponse {
        var response = FetchLogResponse()
        var number = 0
        for table in request.tables {
            var answer = FetchLogResponseForTable()
            answer.tableID = table.tableID
            for bucket in table.buckets {
                var part = answers[number] ?? FetchLogResponseForBucket()
                part.bucketID = bucket.bucketID
                part.partitionID = bucket.partitionID
                answer.buckets.append(part)
                number += 1
            }
            response.tables.append(answer)
        }
        return response
    }

    private func fetch(
        _ part: FetchLogRequestForBucket, of wanted: FetchLogRequestForTable,
        for caller: Caller, waiting patience: Duration, byteCount: Int
    ) async throws -> FetchLogResponseForBucket {
        try await answer(part.bucketID, part.partitionID) { answer in
            let table = try table(wanted.tableID)
            try access.check(caller, .read, on: .table(table.path))
            let bucket = try bucket(part.bucketID, part.partitionID, of: table)
            let limit = max(1, min(Int(part.maximumFetchBytes), byteCount, frameSizeLimit / 4))
            let filter = try wanted.filter(of: table)
            let fetched = try await client.fetch(
                bucket, from: part.fetchOffset, waiting: patience, byteCount: limit, filter: filter)
            var writer = ByteWriter()
            for batch in fetched.batches {
                let arrow = try batch.inArrow(of: table)
                let projected =
                    wanted.isProjected ? try project(arrow, wanted.projectedFields, table) : arrow
                WireLogBatch.encode(projected.bytes, to: &writer)
            }
            answer.records = writer.bytes
            answer.highWatermark = fetched.highWatermark
            answer.logStartOffset = 0
            let end = fetched.batches.last?.endOffset ?? part.fetchOffset
            if fetched.nextOffset > end { answer.filteredEndOffset = fetched.nextOffset }
        }
    }

    /// The batch with some of its columns, in the client's order, under a checksum of its own.
    private func project(
        _ batch: LogBatch, _ columns: [Int32], _ table: TableDescription
    ) throws -> LogBatch {
        guard let schema = table.schemas.schema(batch.schemaIdentifier),
            columns.allSatisfy({ schema.fields.indices.contains(Int($0)) }), !columns.isEmpty
        else {
            throw FlussError.refused(
                .invalidColumnProjection, reason: "\(table.path) has no columns \(columns)")
        }
        return try batch.project(schema, columns: columns.map(Int.init))
    }

    func listOffsets(_ request: ListOffsetsRequest) async throws -> ListOffsetsResponse {
        let table = try table(request.tableID)
        var response = ListOffsetsResponse()
        let position: LogPosition
        switch request.offsetType {
        case 0: position = .earliest
        case 1: position = .latest
        default:
            guard request.offsetType == 2, let time = request.startTimestamp, time >= 0 else {
                throw FlussError.refused(
                    .invalidTimestamp,
                    reason: "offset type \(request.offsetType) at time "
                        + "\(request.startTimestamp ?? -1)")
            }
            position = .timestamp(Timestamp(millisecondsSinceEpoch: time))
        }
        for number in request.bucketIDs {
            response.buckets.append(
                try await answer(number) { answer in
                    let bucket = try bucket(number, request.partitionID, of: table)
                    answer.offset = try await client.offset(position, of: bucket)
                })
        }
        return response
    }

    /// What a client is told of an error; the end of this machine goes on up.
    func wireError(_ error: any Error) throws -> FlussError {
        switch error {
        case let error as FlussError: return error
        case let error as ClusterError: return FlussError(error)
        case let error as AccessError: return FlussError(error)
        case let error as ChangelogError: return .refused(.corruptRecord, reason: "\(error)")
        case let error as ColumnarError: return .refused(.corruptRecord, reason: "\(error)")
        case is CoordinationError:
            return .refused(
                .leaderNotAvailable, reason: "the coordination service does not answer")
        default: throw error
        }
    }
}

extension FetchLogRequestForTable {
    /// The filter that the request bears; nil if it bears none.
    fileprivate func filter(of table: TableDescription) throws(FlussError) -> LogFilter? {
        switch (filterPredicate, filterSchemaID) {
        case (nil, nil): return nil
        case (let predicate?, let schema?):
            return try WireFilter.decode(predicate, schemaIdentifier: schema, of: table)
        default:
            throw .malformed(reason: "a filter of \(table.path) without its predicate or schema")
        }
    }
}

extension LogBatch {
    /// The batch as clients of the protocol read it.
    func inArrow(of table: TableDescription) throws -> LogBatch {
        if !holdsRows { return self }
        guard let schema = table.schemas.schema(schemaIdentifier) else {
            throw ChangelogError.invalidBatch(
                reason: "schema \(schemaIdentifier) of \(table.path) is not known here yet")
        }
        return try inArrow(schema)
    }
}

extension FlussError {
    /// The code by which a client decides whether to try again.
    init(_ error: ClusterError) {
        let code: ErrorCode =
            switch error {
            case .notLeader, .fencedEpoch: .notLeaderOrFollower
            case .unknownBucket: .unknownTableOrBucket
            case .notEnoughReplicas: .notEnoughReplicas
            case .recovering: .leaderNotAvailable
            case .busy: .storageBackpressure
            case .timedOut: .requestTimeOut
            case .offsetOutOfRange: .logOffsetOutOfRange
            case .outOfOrderSequence: .outOfOrderSequence
            case .tableExists: .tableAlreadyExist
            case .unknownTable: .tableNotExist
            case .databaseExists: .databaseAlreadyExist
            case .unknownDatabase: .databaseNotExist
            case .databaseNotEmpty: .databaseNotEmpty
            case .partitionExists: .partitionAlreadyExists
            case .unknownPartition: .partitionNotExists
            case .unknownRebalance: .noRebalanceInProgress
            case .scanExpired: .invalidScanRequest
            case .tooLarge: .recordTooLarge
            case .unknownWriter: .unknownWriterId
            case .unsupportedAPI, .unsupportedFormat: .unsupportedVersion
            case .damaged: .storage
            case .invalidRequest, .malformedMessage: .corruptMessage
            }
        self = .refused(code, reason: "\(error)")
    }
}
