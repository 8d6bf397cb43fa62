import Changelog
import Cluster
import Columnar
import Iceberg
import Platform
import ScenarioFiles
import Simulation
import UnionRead

extension Surveyor {
    /// Reads a table whole, now or at a snapshot, and has every row held against the changelog.
    ///
    /// Now and then it reads once more, some columns of some rows. Nil if there was an answer, else
    /// why there was none.
    func readUnion(_ table: TableDescription, at snapshot: Int64?) async throws -> String? {
        let moment = snapshot.map { ReadMoment.snapshot($0) } ?? .head
        switch try await answer(table, moment, ReadRequest()) {
        case .failure(let refusal): return refusal.reason
        case .success(let answer):
            check(answer, table, snapshot)
            guard random.chance(1, in: 3), let question = aQuestion(table, answer) else {
                return nil
            }
            if case .success(let part) = try await self.answer(table, moment, question.request) {
                check(part, of: answer, question, table)
            }
            return nil
        }
    }

    /// Why there is no answer now.
    private struct Refusal: Error {
        var reason: String
    }

    /// An answer, or a refusal; what is neither is a violation, and told as a refusal as well.
    private func answer(
        _ table: TableDescription, _ moment: ReadMoment, _ request: ReadRequest
    ) async throws -> Result<UnionAnswer, Refusal> {
        let isWrong: Bool
        let reason: String
        do {
            return .success(try await client.read(table, at: moment, request))
        } catch let error as LogSourceError {
            isWrong = if case .damaged = error { true } else { false }
            reason = "\(table.name): \(error)"
        } catch let error as IcebergError {
            isWrong = if case .damaged = error { true } else { false }
            reason = "\(table.name): \(error)"
        } catch let error as UnionReadError {
            // A new leader learns late how far its log is committed: a refusal, no answer.
            switch error {
            case .lakeAhead, .logIncomplete: isWrong = false
            default: isWrong = true
            }
            reason = "\(table.name): \(error)"
        }
        if isWrong { tallies[.unionRead].violated(reason) }
        return .failure(Refusal(reason: reason))
    }

    private func check(_ answer: UnionAnswer, _ table: TableDescription, _ snapshot: Int64?) {
        let logs = auditor.logs(of: table.identifier)
        let hashes = answer.rows.map(CommittedLog.hash)
        let positions = answer.positions
        let moment = snapshot.map { "at snapshot \($0)" } ?? "now"
        for (bucket, log) in logs.enumerated() {
            var found: [Int64: UInt64] = [:]
            for (position, hash) in zip(positions, hashes) where position.bucket == bucket {
                found[position.offset] = hash
            }
            let rowCount = positions.count { $0.bucket == bucket }
            let end = answer.offsets[bucket]
            log.whenReached(end) { [tallies] log in
                Self.check(
                    found, rowCount, log, upTo: end,
                    "\(table.name) bucket \(bucket), read \(moment) up to \(end),",
                    tallies[.unionRead])
            }
        }
    }

    // MARK: Parts of tables

    private struct UnionQuestion {
        var request: ReadRequest
        var column: Int
        var isAbove: Bool
        var value: Value

        func passes(_ row: Row) -> Bool {
            if row[column] == .null { return false }
            let isAscending = Value.compare(value, row[column]) == .ascending
            return isAscending == isAbove
        }
    }

    /// Some columns, of the rows above or not above a value that occurs.
    private func aQuestion(_ table: TableDescription, _ whole: UnionAnswer) -> UnionQuestion? {
        if whole.rowCount == 0 { return nil }
        let fields = table.schema.fields
        let column = random.next(in: 0..<fields.count)
        let value = whole.rows[random.next(in: 0..<whole.rowCount)][column]
        switch fields[column].type {
        case .int, .bigint, .string, .timestamp, .timestampLTZ: break
        default: return nil
        }
        if value == .null { return nil }
        let isAbove = random.chance(1, in: 2)
        let columns = fields.indices.filter { _ in random.chance(1, in: 2) }
        let filter = RowFilter([
            RowFilter.Comparison(
                column: fields[column].identifier, isAbove ? .greater : .lessOrEqual, value)
        ])
        return UnionQuestion(
            request: ReadRequest(columns: columns.isEmpty ? nil : columns, filter: filter),
            column: column, isAbove: isAbove, value: value)
    }

    /// Where both answers reflect the same offsets, the part is that of the whole.
    private func check(
        _ part: UnionAnswer, of whole: UnionAnswer, _ question: UnionQuestion,
        _ table: TableDescription
    ) {
        func isComparable(_ position: UnionAnswer.Position) -> Bool {
            part.offsets[Int(position.bucket)] == whole.offsets[Int(position.bucket)]
        }
        let columns = question.request.columns ?? Array(table.schema.fields.indices)
        var expected: [UnionAnswer.Position: UInt64] = [:]
        for (position, row) in zip(whole.positions, whole.rows)
        where isComparable(position) && question.passes(row) {
            expected[position] = CommittedLog.hash(columns.map { row[$0] })
        }
        for (position, row) in zip(part.positions, part.rows) where isComparable(position) {
            tallies[.unionRead].expect(
                expected.removeValue(forKey: position) == CommittedLog.hash(row),
                "\(table.name): a filtered read shows the row of bucket \(position.bucket) offset "
                    + "\(position.offset), which is another in the whole table")
        }
        tallies[.unionRead].expect(
            expected.isEmpty,
            "\(table.name): a filtered read lacks \(expected.count) rows that pass")
    }

    private static func check(
        _ found: [Int64: UInt64], _ rowCount: Int, _ log: CommittedLog, upTo end: Int64,
        _ place: String, _ tally: Tally
    ) {
        let expected: [Int64]
        if log.table.isPrimaryKeyTable {
            expected = log.rowOffsets(at: end).filter { $0 >= 0 }
        } else {
            expected = (0..<end).filter { log.changes[Int($0)].hash != 0 }
        }
        tally.expect(
            rowCount == expected.count,
            "\(place) has \(rowCount) rows where the changelog leaves \(expected.count)")
        for offset in expected {
            tally.expect(
                found[offset] == log.changes[Int(offset)].hash,
                "\(place) \(found[offset] == nil ? "lacks" : "alters") the row of offset \(offset)")
        }
    }
}
