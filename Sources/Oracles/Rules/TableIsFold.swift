import Changelog
import Cluster
import Columnar

extension OracleName {
    public static let tableIsFold = OracleName("tableIsFold")
}

/// The rows of a primary-key table at offset o are the fold of its changelog up to o.
final class TableIsFold: Oracle {
    static let description = OracleDescription(
        .tableIsFold, "the rows of a primary-key table are the fold of its changelog",
        compares: "keys that lookups and scans showed")

    private let evidence: Evidence
    private let tally: Tally
    /// Keys that a partial scan showed and no log yet, with their tables.
    private var unknown: [(table: Int64, key: [UInt8])] = []

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { evidence.observation.tables.contains(where: \.isPrimaryKeyTable) }

    func learned(_ fact: Fact) {
        switch fact {
        case .lookedUp(let answer): answer.log.whenReached(answer.offset) { self.check(answer, $0) }
        case .lookedUpAcross(let answer):
            for entry in answer.entries {
                entry.log.whenReached(entry.end) { self.check(entry, answer.schema, $0) }
            }
        case .scanned(let answer): answer.log.whenReached(answer.offset) { self.check(answer, $0) }
        case .scannedSome(let answer): check(answer)
        case .fetched(let batch, let log) where batch.baseOffset == log.endOffset:
            if !log.table.isPrimaryKeyTable { return }
            let range = batch.baseOffset..<batch.endOffset
            log.whenReached(range.upperBound) { self.checkImages(range, $0) }
        case .notAnswered(.lookup, let reason), .notAnswered(.scan, let reason):
            tally.violated(reason)
        default: break
        }
    }

    private func check(_ answer: LookupAnswer, _ log: CommittedLog) {
        for (key, hash) in zip(answer.keys, answer.found) {
            let row = log.number(ofKey: key).map { log.row(ofKey: $0, at: answer.offset) } ?? -1
            let expected = row < 0 ? nil : log.changes[Int(row)].hash
            tally.expect(
                hash == expected,
                "\(log.place): the lookup of key \(log.describe(key)) at offset \(answer.offset) "
                    + "found " + log.difference(hash, expected, at: row))
        }
    }

    /// The row is one that the key had at some moment between the question and the answer.
    private func check(
        _ entry: TableLookupAnswer.Entry, _ schema: Schema, _ log: CommittedLog
    ) {
        let rows = log.number(ofKey: entry.key).map {
            log.rows(ofKey: $0, from: entry.known, to: max(entry.known, entry.end))
        }
        let expected = (rows ?? [-1]).map { $0 < 0 ? nil : log.hash(at: $0, under: schema) }
        tally.expect(
            // One of a later schema cannot be said in this one.
            expected.contains(entry.found) || expected.contains(0),
            "\(log.place): the lookup of key \(log.describe(entry.key)) among others found "
                + (entry.found == nil ? "no row" : "another row")
                + " than it had from offset \(entry.known) to \(entry.end)")
    }

    private func check(_ answer: ScanAnswer, _ log: CommittedLog) {
        var expectedCount = 0
        let asked = log.keyNumbers(
            after: answer.start, upTo: answer.last, beginningWith: answer.prefix)
        for number in asked {
            let key = log.keys[Int(number)]
            let row = log.row(ofKey: number, at: answer.offset)
            let expected = row < 0 ? nil : log.changes[Int(row)].hash
            if expected != nil { expectedCount += 1 }
            let found = answer.found[key]
            tally.expect(
                found == expected,
                "\(log.place): the scan at offset \(answer.offset) shows of key "
                    + "\(log.describe(key)) " + log.difference(found, expected, at: row))
        }
        tally.expect(
            answer.found.count == expectedCount,
            "\(log.place): the scan at offset \(answer.offset) shows \(answer.found.count) rows "
                + "where the changelog leaves \(expectedCount)")
    }

    /// An update is logged with the row before it where the table says so, and without it else.
    private func checkImages(_ range: Range<Int64>, _ log: CommittedLog) {
        let isFull = log.table.properties.logsOldRows
        for offset in range {
            let change = log.changes[Int(offset)]
            switch change.type {
            case .updateBefore where change.hash != 0:
                let row = log.row(ofKey: change.key, at: offset)
                let next = offset + 1 < range.upperBound ? log.changes[Int(offset) + 1] : nil
                let isRight =
                    isFull && row >= 0 && next?.type == .updateAfter && next?.key == change.key
                    && isSame(offset, row, log)
                tally.expect(
                    isRight,
                    "\(log.place): the change at offset \(offset) says what the row before it was "
                        + (isFull ? "and is wrong" : "though the table logs none"))
            case .updateAfter where isFull:
                let before = offset > range.lowerBound ? log.changes[Int(offset) - 1] : nil
                tally.expect(
                    before?.type == .updateBefore && before?.key == change.key,
                    "\(log.place): the update at offset \(offset) does not say what the row was")
            case .append, .insert, .updateAfter, .updateBefore, .delete: break
            }
        }
    }

    /// Whether the row of an offset is an earlier one as the later schema has it.
    private func isSame(_ offset: Int64, _ earlier: Int64, _ log: CommittedLog) -> Bool {
        let hash = log.changes[Int(offset)].hash
        guard let written = log.written(at: offset) else {
            return hash == log.changes[Int(earlier)].hash
        }
        // One of a later schema cannot be said in this one.
        let expected = log.hash(at: earlier, under: written.schema)
        return expected == 0 || hash == expected
    }

    /// No more rows than asked for, each of another key; what the logs do not show yet they have
    /// to show in the end.
    private func check(_ answer: PartialScanAnswer) {
        tally.expect(
            answer.rowCount <= answer.limit && answer.keys.count == answer.rowCount,
            "\(answer.table.name): a scan of at most \(answer.limit) rows shows "
                + "\(answer.rowCount), of \(answer.keys.count) keys")
        // The log of a partition may be dropped before it was read.
        if !answer.table.partitionKey.isEmpty { return }
        let logs = evidence.logs(of: answer.table.identifier)
        for key in answer.keys where !logs.contains(where: { $0.number(ofKey: key) != nil }) {
            unknown.append((answer.table.identifier, key))
        }
    }

    func conclude() {
        for (table, key) in unknown where !evidence.isDropped(table) {
            let logs = evidence.logs(of: table)
            guard let log = logs.first else { continue }
            tally.expect(
                logs.contains { $0.number(ofKey: key) != nil },
                "\(log.table.name): a scan showed key \(log.describe(key)), which nobody wrote")
        }
    }
}
