import Changelog
import Cluster
import Columnar
import Iceberg
import LakeTiering
import Platform
import UnionRead

extension ClusterReader {
    /// Reads a table whole, now or at a snapshot, and has every row held against the changelog.
    ///
    /// Now and then it reads once more, some columns of some rows. Nil if there was an answer, else
    /// why there was none.
    func readUnion(_ table: TableDescription, at snapshot: Int64?) async throws -> String? {
        let moment = snapshot.map { ReadMoment.snapshot($0) } ?? .head
        var table = table
        if let snapshot, table.schemas.schemas.count > 1, random.chance(1, in: 2) {
            // As the snapshot's own schema has it.
            let present = table
            let former = try await answering(present) {
                try await client.table(present, asOf: snapshot)
            }
            if case .success(let found) = former { table = found }
        }
        var known = LakeOffsets()
        for bucket in oracles.evidence.buckets(of: table) {
            known[bucket.inLake] = oracles.evidence.acknowledgedEnds[bucket] ?? 0
        }
        switch try await answer(table, moment, ReadRequest()) {
        case .failure(let refusal):
            // That it has expired, or that nobody knows any more what it reflects, is the answer.
            let isExpired = snapshot.map { !oracles.evidence.lake.has($0, of: table) } ?? false
            return isExpired || refusal.isFinal ? nil : refusal.reason
        case .success(let answer):
            oracles.tell(
                .readWhole(
                    WholeTableAnswer(
                        table: table, answer: answer, snapshot: snapshot, known: known)))
            tellEvolved(answer, of: table)
            if let snapshot, random.chance(1, in: 2) { try await readChanges(table, to: snapshot) }
            guard random.chance(1, in: 3), let question = aQuestion(table, answer) else {
                return nil
            }
            if case .success(let part) = try await self.answer(table, moment, question.request) {
                oracles.tell(
                    .readPart(
                        PartialAnswer(
                            table: table, whole: answer, part: part, question: question)))
            }
            return nil
        }
    }

    /// Reads a table whole, and by other ways that come to the same: batch by batch, and a while
    /// later by what the log says has become of its rows. Nil if there was an answer.
    func readOtherwise(_ table: TableDescription) async throws -> String? {
        let before: UnionAnswer
        switch try await answer(table, .head, ReadRequest()) {
        case .failure(let refusal): return refusal.isFinal ? nil : refusal.reason
        case .success(let answer): before = answer
        }
        // What others changed in the lake is not in the log.
        if oracles.evidence.observation.hasForeignWriters { return nil }
        var rows: [Row] = []
        let streamed = try await answering(table) {
            try await client.stream(table, at: .offsets(before.offsets)) { rows += $0.rows }
        }
        if case .success = streamed {
            oracles.tell(.streamed(StreamedAnswer(table: table, whole: before, rows: rows)))
        }
        if !table.properties.logsOldRows { return nil }
        try await machine.sleep(.milliseconds(500 + random.next(in: 0..<2500)))
        guard case .success(let after) = try await answer(table, .head, ReadRequest())
        else { return nil }
        let changes = try await answering(table) {
            try await client.changes(
                table, from: .offsets(before.offsets), to: .offsets(after.offsets))
        }
        if case .success(let answer) = changes {
            oracles.tell(
                .readLogChanges(
                    LogChangesAnswer(table: table, before: before, after: after, answer: answer)))
        }
        return nil
    }

    /// Has the rows of an answer seen that were written under earlier schemas.
    private func tellEvolved(_ answer: UnionAnswer, of table: TableDescription) {
        // Where others changed rows of the lake, they are not the log's.
        if table.schemas.schemas.count == 1 || answer.isShared { return }
        for log in oracles.evidence.logs(of: table.identifier)
        where answer.reflects(log.bucket.inLake) {
            var evolved = EvolvedAnswer(
                log: log, schema: table.schema, way: "union read",
                offset: answer.offsets[log.bucket.inLake])
            for (position, row) in zip(answer.positions, answer.rows)
            where position.lakeBucket == log.bucket.inLake {
                evolved.byOffset[position.offset] = row
            }
            oracles.tell(.readUnderSchema(evolved))
        }
    }

    /// Reads what became of a table's rows from another snapshot to this one, earlier or later.
    private func readChanges(_ table: TableDescription, to snapshot: Int64) async throws {
        let past = snapshots(table).suffix(8)
        guard let start = past.dropFirst(random.next(in: 0..<max(1, past.count))).first else {
            return
        }
        let answer = try await answering(table) {
            try await client.changes(table, from: .snapshot(start), to: .snapshot(snapshot))
        }
        if case .success(let answer) = answer {
            oracles.tell(
                .readChanges(
                    ChangesAnswer(table: table, from: start, to: snapshot, answer: answer)))
        }
    }

    /// Why there is no answer now.
    private struct Refusal: Error {
        var reason: String
        /// Whether asking again would change nothing.
        var isFinal = false
    }

    /// An answer, or a refusal; what is neither is a violation, and told as a refusal as well.
    private func answering<Answer>(
        _ table: TableDescription, _ ask: () async throws -> Answer
    ) async throws -> Result<Answer, Refusal> {
        let isWrong: Bool
        let reason: String
        var isFinal = false
        do {
            return .success(try await ask())
        } catch let error as LogSourceError {
            isWrong = if case .damaged = error { true } else { false }
            reason = "\(table.name): \(error)"
        } catch let error as IcebergError {
            isWrong = if case .damaged = error { true } else { false }
            if case .unsupported = error {
                isFinal = oracles.evidence.observation.hasForeignWriters
            }
            reason = "\(table.name): \(error)"
        } catch let error as UnionReadError {
            // A new leader learns late how far its log is committed, offsets that were read before
            // included, and a reader that its table was altered: a refusal, no answer.
            switch error {
            case .lakeAhead, .logIncomplete, .notCommittedYet, .laterSchema: isWrong = false
            // Offsets that were read before, of a partition that was dropped since.
            case .unknownPartition(_, let partition):
                isWrong = client.mirror.partitions[table.identifier]?[partition] != nil
            default: isWrong = true
            }
            reason = "\(table.name): \(error)"
        }
        if isWrong { oracles.tell(.notAnswered(.unionRead, reason: reason)) }
        return .failure(Refusal(reason: reason, isFinal: isFinal))
    }

    private func answer(
        _ table: TableDescription, _ moment: ReadMoment, _ request: ReadRequest
    ) async throws -> Result<UnionAnswer, Refusal> {
        try await answering(table) { try await client.read(table, at: moment, request) }
    }

    // MARK: Parts of tables

    /// Some columns, of the rows that compare with a value that occurs.
    private func aQuestion(_ table: TableDescription, _ whole: UnionAnswer) -> PartialQuestion? {
        if whole.rowCount == 0 { return nil }
        let fields = table.schema.fields
        let column = random.next(in: 0..<fields.count)
        let value = whole.rows[random.next(in: 0..<whole.rowCount)][column]
        switch fields[column].type {
        case .int, .bigint, .string, .timestamp, .timestampLTZ: break
        default: return nil
        }
        if value == .null { return nil }
        let operators = PartialQuestion.operators
        let comparator = operators[random.next(in: 0..<operators.count)].0
        let columns = fields.indices.filter { _ in random.chance(1, in: 2) }
        let filter = RowFilter([
            RowFilter.Comparison(
                column: fields[column].identifier, comparator, value)
        ])
        return PartialQuestion(
            request: ReadRequest(columns: columns.isEmpty ? nil : columns, filter: filter),
            column: column, name: fields[column].name, comparator: comparator, value: value)
    }
}
