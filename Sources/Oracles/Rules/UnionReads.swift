import Cluster
import Columnar
import UnionRead

extension OracleName {
    public static let unionRead = OracleName("unionRead")
}

/// A union read equals the table now; a time-travel read equals the table then; a read of some
/// columns and rows is that part of the whole.
final class UnionReads: Oracle {
    static let description = OracleDescription(
        .unionRead, "a union read equals the table, now and then",
        compares: "rows of union reads with the log")

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { evidence.hasLake }

    func learned(_ fact: Fact) {
        switch fact {
        case .readWhole(let read): check(read)
        case .readPart(let read): check(read)
        case .notAnswered(.unionRead, let reason): tally.violated(reason)
        default: break
        }
    }

    private func check(_ read: WholeTableAnswer) {
        let hashes = read.answer.rows.map(CommittedLog.hash)
        let positions = read.answer.positions
        let moment = read.snapshot.map { "at snapshot \($0)" } ?? "now"
        for (bucket, log) in evidence.logs(of: read.table.identifier).enumerated() {
            var found: [Int64: UInt64] = [:]
            for (position, hash) in zip(positions, hashes) where position.bucket == bucket {
                found[position.offset] = hash
            }
            let rowCount = positions.count { $0.bucket == bucket }
            let end = read.answer.offsets[bucket]
            log.whenReached(end) { log in
                self.check(
                    found, rowCount, log, upTo: end,
                    "\(read.table.name) bucket \(bucket), read \(moment) up to \(end),")
            }
        }
    }

    private func check(
        _ found: [Int64: UInt64], _ rowCount: Int, _ log: CommittedLog, upTo end: Int64,
        _ place: String
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

    /// Where both answers reflect the same offsets, the part is that of the whole.
    private func check(_ read: PartialAnswer) {
        func isComparable(_ position: UnionAnswer.Position) -> Bool {
            read.part.offsets[Int(position.bucket)] == read.whole.offsets[Int(position.bucket)]
        }
        let columns = read.question.request.columns ?? Array(read.table.schema.fields.indices)
        var expected: [UnionAnswer.Position: UInt64] = [:]
        for (position, row) in zip(read.whole.positions, read.whole.rows)
        where isComparable(position) && read.question.passes(row) {
            expected[position] = CommittedLog.hash(columns.map { row[$0] })
        }
        for (position, row) in zip(read.part.positions, read.part.rows)
        where isComparable(position) {
            tally.expect(
                expected.removeValue(forKey: position) == CommittedLog.hash(row),
                "\(read.table.name) bucket \(position.bucket): a read of \(read.question) shows "
                    + "the row of offset \(position.offset), which is another in the whole table")
        }
        let first = expected.keys.min { ($0.bucket, $0.offset) < ($1.bucket, $1.offset) }
        tally.expect(
            expected.isEmpty,
            "\(read.table.name) bucket \(first?.bucket ?? 0): a read of \(read.question) lacks "
                + "\(expected.count) rows that pass, the first at offset \(first?.offset ?? 0)")
    }
}
