import Cluster

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
        case .scanned(let answer): answer.log.whenReached(answer.offset) { self.check(answer, $0) }
        case .scannedSome(let answer): check(answer)
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
