public import Columnar
public import Iceberg
import Platform
import Vectors

/// A row near a query.
public struct NearRow: Hashable, Sendable {
    public var bucket: BucketIdentifier
    /// The row's encoded primary key.
    public var key: [UInt8]
    public var row: Row
    /// How far the row's own vector is from the query.
    public var distance: Float
    /// The changelog offset of its bucket as of which the row was read.
    public var offset: Int64

    fileprivate static func isNearer(_ left: NearRow, _ right: NearRow) -> Bool {
        if left.distance != right.distance { return left.distance < right.distance }
        if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
        return left.bucket < right.bucket
    }
}

/// The rows of a table that are nearest to a query and pass a filter.
public struct NearestRows: Hashable, Sendable {
    /// Nearest first.
    public var rows: [NearRow]
    /// Of every bucket, in order: no row is missing for being indexed too late that was changed
    /// last below this offset.
    public var freshUpTo: [BucketProgress]
}

extension ClusterClient {
    /// Rows that are asked for at once, at most.
    public static let nearestRowLimit = 1000
    /// Where vectors are kept in fewer bits, so many times as many are measured anew.
    private static let rerankFactor = 4
    private static let lookupCount = 500

    /// The `limit` rows of a table nearest to `query` among those that pass the filter.
    ///
    /// The vector index names candidates, and their rows are looked up: each row and its distance
    /// are as the row is now, also where the index has its vector in fewer bits. A filter by
    /// columns that the index keeps is answered inside it. By others more candidates are looked at
    /// where few of them pass, and where next to none do the table is read once instead, so that
    /// what is found does not depend on how many pass.
    ///
    /// `column` is an indexed one, nil the first of them.
    ///
    /// An answer is of all buckets: where one does not answer the whole fails with `.busy`, which
    /// names it, or with `.scanExpired`. `.invalidRequest` if the table has no indexed vectors of
    /// the query's dimension, or more rows are wanted than `nearestRowLimit`; `IcebergError` if the
    /// filter is not of the table's columns.
    public func nearestRows(
        _ table: TableDescription, to query: [Float], limit: Int, filter: RowFilter = RowFilter(),
        column: String? = nil
    ) async throws -> NearestRows {
        let searched = try table.checkSearch(query, column)
        try filter.validate(table.schema)
        guard 1...Self.nearestRowLimit ~= limit else {
            throw ClusterError.invalidRequest(
                reason: "\(limit) near rows are wanted, not 1 to \(Self.nearestRowLimit)")
        }
        let question = NearQuestion(
            table: table, column: searched, query: query, limit: limit, filter: filter)
        let candidateLimit = min(configuration.vectorCandidateLimit, VectorIndexer.hitLimit)
        let isKept = filter.columns.isSubset(of: table.vectorFilterFields)
        let inside = isKept ? filter : RowFilter()
        var wanted = firstWanted(question, isKept: isKept, candidateLimit)
        while true {
            let answer = try await search(
                table, query, limit: wanted, column: column, filter: inside)
            let isExhausted = answer.hits.count < wanted
            // A row that has moved since counts only as near as the index has looked for others.
            let horizon = isExhausted ? .infinity : answer.hits.last?.hit.distance ?? .infinity
            let rows = try await rows(of: answer, question).filter {
                question.indexedDistance(to: $0) <= horizon
            }
            if isExhausted || rows.count >= limit {
                return NearestRows(
                    rows: Array(rows.sorted(by: NearRow.isNearer).prefix(limit)),
                    freshUpTo: answer.freshUpTo)
            }
            wanted = max(wanted * 2, wanted * limit * 2 / max(1, rows.count))
            if wanted > candidateLimit {
                machine.observer.reached("nearest rows read out of the whole table")
                return try await scanned(question)
            }
            machine.observer.reached("more candidates of near rows looked at")
        }
    }

    /// How many candidates to ask for at first: some may have changed, or not pass.
    private func firstWanted(
        _ question: NearQuestion, isKept: Bool, _ candidateLimit: Int
    ) -> Int {
        let limit = question.limit
        var wanted = limit
        if !question.filter.conditions.isEmpty {
            wanted = isKept ? limit + limit / 4 + 1 : limit * 4
            wanted = max(limit, min(candidateLimit, wanted))
        }
        if question.column.quantization != .none {
            wanted = max(wanted, limit * Self.rerankFactor)
        }
        return min(wanted, VectorIndexer.hitLimit)
    }

    // MARK: By candidates

    private func rows(
        of answer: TableVectorAnswer, _ question: NearQuestion
    ) async throws -> [NearRow] {
        var keys: [BucketIdentifier: [[UInt8]]] = [:]
        for hit in answer.hits { keys[hit.bucket, default: []].append(hit.hit.key) }
        let asked = answer.freshUpTo.filter { keys[$0.bucket] != nil }
        let found = try await together(asked.map(\.bucket)) { bucket in
            try await self.rows(of: keys[bucket]!, in: bucket, question)
        }
        var rows: [NearRow] = []
        for progress in asked {
            guard let part = found.first(where: { $0.bucket == progress.bucket }) else { continue }
            // A new leader may not have heard yet how far its log is committed.
            if part.value.offset < progress.offset {
                throw ClusterError.busy(
                    reason: "the rows of \(progress.bucket) are behind its vector index")
            }
            rows += part.value.rows
        }
        return rows
    }

    /// Those of a bucket that are there and pass, and the first offset as of which one was read.
    private func rows(
        of keys: [[UInt8]], in bucket: BucketIdentifier, _ question: NearQuestion
    ) async throws -> (rows: [NearRow], offset: Int64) {
        var rows: [NearRow] = []
        var first = Int64.max
        // Ranges that are still to be asked for, the next one last.
        var waiting = stride(from: 0, to: keys.count, by: Self.lookupCount).reversed().map {
            $0..<min($0 + Self.lookupCount, keys.count)
        }
        while let range = waiting.popLast() {
            let found: (rows: [[UInt8]?], offset: Int64)
            do {
                found = try await lookup(Array(keys[range]), in: bucket)
            } catch let error as ClusterError {
                guard case .tooLarge = error, range.count > 1 else { throw error }
                let middle = range.lowerBound + range.count / 2
                waiting += [middle..<range.upperBound, range.lowerBound..<middle]
                continue
            }
            first = min(first, found.offset)
            try requireSame(question.table)
            for (key, bytes) in zip(keys[range], found.rows) {
                guard let bytes else { continue }
                let row = try decodeRow(bytes, of: question.table)
                if let distance = question.distance(to: row) {
                    rows.append(
                        NearRow(
                            bucket: bucket, key: key, row: row, distance: distance,
                            offset: found.offset))
                }
            }
        }
        return (rows, first)
    }

    /// Throws `.busy` if a table has other columns than when the reading of it began.
    private func requireSame(_ table: TableDescription) throws(ClusterError) {
        guard let now = mirror.tables[table.identifier] else {
            throw .unknownTable(name: "\(table.path)")
        }
        if now.schema != table.schema {
            throw .busy(reason: "the columns of \(table.path) have just been changed")
        }
    }

    // MARK: By all rows

    private func scanned(_ question: NearQuestion) async throws -> NearestRows {
        let parts = try await together(mirror.buckets(of: question.table)) { bucket in
            try await self.scanned(bucket, question)
        }
        let rows = parts.flatMap(\.value.rows).sorted(by: NearRow.isNearer)
        return NearestRows(
            rows: Array(rows.prefix(question.limit)),
            freshUpTo: parts.map { BucketProgress(bucket: $0.bucket, offset: $0.value.offset) })
    }

    private func scanned(
        _ bucket: BucketIdentifier, _ question: NearQuestion
    ) async throws -> (rows: [NearRow], offset: Int64) {
        var nearest: [NearRow] = []
        let scan = SnapshotScan(self, bucket)
        while let page = try await scan.next() {
            try requireSame(question.table)
            for (key, bytes) in page {
                let row = try decodeRow(bytes, of: question.table)
                guard let distance = question.distance(to: row) else { continue }
                nearest.append(
                    NearRow(
                        bucket: bucket, key: key, row: row, distance: distance,
                        offset: scan.offset ?? 0))
            }
            nearest.sort(by: NearRow.isNearer)
            nearest = Array(nearest.prefix(question.limit))
        }
        return (nearest, scan.offset ?? 0)
    }
}

/// What near rows are asked for.
private struct NearQuestion {
    let table: TableDescription
    let column: VectorColumn
    let query: [Float]
    let limit: Int
    let filter: RowFilter

    /// How far a row is; nil if it has no vector, or does not pass.
    func distance(to row: Row) -> Float? {
        guard case .vector(let vector) = row[column.position], vector.allSatisfy(\.isFinite),
            filter.passes(row, of: table.schema)
        else { return nil }
        return column.distance.between(query, vector)
    }

    /// How far the index would find a row that has a distance.
    func indexedDistance(to near: NearRow) -> Float {
        guard column.quantization != .none, case .vector(let vector) = near.row[column.position]
        else { return near.distance }
        return column.distance.between(query, vector, column.quantization)
    }
}
