import Changelog
import Cluster
import Columnar
import LakeTiering
import UnionRead

extension OracleName {
    public static let unionRead = OracleName("unionRead")
}

/// A union read equals the table now; a time-travel read equals the table then; a read of some
/// columns and rows is that part of the whole; the changes between two snapshots make the one of
/// the other.
final class UnionReads: Oracle {
    static let description = OracleDescription(
        .unionRead, "a union read equals the table, now and then",
        compares: "rows of union reads with the log")

    /// A row of an answer: where it stands in the log of its bucket.
    private typealias FoundRow = (offset: Int64, hash: UInt64)

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
        case .readChanges(let read): check(read)
        case .readLogChanges(let read): check(read)
        case .streamed(let read): check(read)
        case .notAnswered(.unionRead, let reason): tally.violated(reason)
        default: break
        }
    }

    private func check(_ read: WholeTableAnswer) {
        if read.answer.isShared { return checkShared(read) }
        let hashes = read.answer.batches.lazy.flatMap { batch in
            (0..<batch.rowCount).lazy.map { CommittedLog.hash(batch.row(at: $0)) }
        }
        var found: [LakeBucket: [FoundRow]] = [:]
        for (position, hash) in zip(read.answer.positions, hashes) {
            found[position.lakeBucket, default: []].append((position.offset, hash))
        }
        let moment = read.snapshot.map { "at snapshot \($0)" } ?? "now"
        checkPlaces(read)
        for log in evidence.logs(of: read.table.identifier)
        where read.answer.reflects(log.bucket.inLake) {
            let bucket = log.bucket.inLake
            let rows = found[bucket] ?? []
            let end = read.answer.offsets[bucket]
            let (name, schema) = (read.table.name, read.table.schema)
            log.whenReached(end) { log in
                self.check(
                    rows, log, upTo: end, under: schema,
                    "\(name) \(bucket), read \(moment) up to \(end),")
            }
        }
    }

    /// Each row is of a bucket that the read is of: none of a partition that was dropped before.
    private func checkPlaces(_ read: WholeTableAnswer) {
        if !read.table.isPartitioned { return }
        let other = read.answer.positions.first { !read.answer.reflects($0.lakeBucket) }
        tally.expect(
            other == nil,
            "\(read.table.name): a union read shows a row of "
                + "\(other?.lakeBucket.description ?? ""), which it does not reflect")
    }

    private func check(
        _ rows: [FoundRow], _ log: CommittedLog, upTo end: Int64, under schema: Schema,
        _ place: String
    ) {
        // By offset: no row has the hash 0.
        var found = [UInt64](repeating: 0, count: Int(end))
        for row in rows where found.indices.contains(Int(row.offset)) {
            found[Int(row.offset)] = row.hash
        }
        let expected: [Int64]
        if log.table.isPrimaryKeyTable {
            expected = log.rowOffsets(at: end).filter { $0 >= 0 }
        } else {
            expected = (0..<end).filter { log.changes[Int($0)].hash != 0 }
        }
        tally.expect(
            rows.count == expected.count,
            "\(place) has \(rows.count) rows where the changelog leaves \(expected.count)")
        for offset in expected {
            let hash = found[Int(offset)]
            tally.expect(
                hash != 0 && hash == log.hash(at: offset, under: schema),
                "\(place) \(hash == 0 ? "lacks" : "alters") the row of offset \(offset)")
        }
    }

    /// Where another program changed rows of the lake, the answer is what the snapshot has of the
    /// log's rows, and the log's changes since; rows of others are left out.
    private func checkShared(_ read: WholeTableAnswer) {
        let table = read.table
        guard let snapshot = read.answer.snapshot,
            let state = evidence.lake.state(of: table.name, at: snapshot)
        else { return }
        let logs = evidence.logs(of: table.identifier)
        let rows: [LakeRow]
        do {
            rows = try state.rows(of: table.schema, by: table.partitionFields)
        } catch {
            tally.violated("\(table.name) snapshot \(snapshot): \(error)")
            return
        }
        let found = zip(read.answer.positions, read.answer.rows.map(CommittedLog.hash))
        checkPlaces(read)
        for log in logs where read.answer.reflects(log.bucket.inLake) {
            let bucket = log.bucket.inLake
            let (start, end) = (read.answer.lakeOffsets[bucket], read.answer.offsets[bucket])
            let here = rows.filter {
                $0.bucket == bucket.bucket && $0.offset >= 0 && $0.offset < start
                    && (bucket.partition == nil
                        || state.partition($0.partition) == bucket.partition)
            }
            let answer = found.filter { $0.0.lakeBucket == bucket }
            log.whenReached(end) { log in
                self.checkShared(here, Array(answer), log, start..<end, read)
            }
        }
    }

    private func checkShared(
        _ lake: [LakeRow], _ answer: [(UnionAnswer.Position, UInt64)], _ log: CommittedLog,
        _ range: Range<Int64>, _ read: WholeTableAnswer
    ) {
        // Of several rows of a key or a place, one is shown: which of them is not said.
        var choices: [[UInt8]: Set<LakeRow>] = [:]
        func name(_ row: LakeRow) -> [UInt8] {
            row.key.isEmpty ? Array("\(row.offset)".utf8) : row.key
        }
        for row in lake { choices[name(row), default: []].insert(row) }
        for key in choices.keys {
            let newest = choices[key]!.map(\.offset).max()
            choices[key] = choices[key]!.filter { $0.offset == newest }
        }
        for offset in range {
            let change = log.changes[Int(offset)]
            if change.hash == 0 || change.type == .updateBefore { continue }
            let key = change.key < 0 ? [] : log.keys[Int(change.key)]
            let row = LakeRow(
                bucket: Int32(log.bucket.bucket), offset: offset,
                hash: log.hash(at: offset, under: read.table.schema), key: key)
            choices[name(row)] = change.type == .delete ? nil : [row]
        }
        let place = "\(log.place), read of a shared lake at \(read.answer.snapshot ?? 0)"
        tally.expect(
            answer.count == choices.count,
            "\(place), has \(answer.count) rows where \(choices.count) are left")
        var shown: [Int64: Set<UInt64>] = [:]
        for row in choices.values.joined() { shown[row.offset, default: []].insert(row.hash) }
        for (position, hash) in answer {
            tally.expect(
                shown[position.offset]?.contains(hash) == true,
                "\(place), shows a row of offset \(position.offset) that is not left there")
        }
    }

    /// Where both answers reflect the same offsets, the part is that of the whole.
    private func check(_ read: PartialAnswer) {
        // What others change in the lake between the two reads is at no offset.
        let isShared = read.part.isShared || read.whole.isShared
        if isShared && read.part.snapshot != read.whole.snapshot { return tally.count() }
        func isComparable(_ position: UnionAnswer.Position) -> Bool {
            let bucket = position.lakeBucket
            return read.part.reflects(bucket) && read.whole.reflects(bucket)
                && read.part.offsets[bucket] == read.whole.offsets[bucket]
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
                "\(read.table.name) \(position.lakeBucket): a read of \(read.question) shows "
                    + "the row of offset \(position.offset), which is another in the whole table")
        }
        let first = expected.keys.min()
        tally.expect(
            expected.isEmpty,
            "\(read.table.name) \(first?.lakeBucket.description ?? ""): a read of "
                + "\(read.question) lacks \(expected.count) rows that pass, the first at offset "
                + "\(first?.offset ?? 0)")
    }

    /// The changes between two snapshots make the rows of the one from those of the other.
    private func check(_ read: ChangesAnswer) {
        let table = read.table
        guard let before = evidence.lake.state(of: table.name, at: read.from),
            let after = evidence.lake.state(of: table.name, at: read.to)
        else { return }
        let place = "\(table.name), changes from snapshot \(read.from) to \(read.to):"
        var counts: [UInt64: Int] = [:]
        do {
            let fields = table.partitionFields
            for row in try before.rows(of: table.schema, by: fields) {
                counts[row.hash, default: 0] += 1
            }
            for row in try after.rows(of: table.schema, by: fields) {
                counts[row.hash, default: 0] -= 1
            }
        } catch {
            tally.violated("\(place) \(error)")
            return
        }
        check(read.answer, counts, place)
    }

    /// The changes in the log between two reads make the rows of the later from the earlier's.
    private func check(_ read: LogChangesAnswer) {
        var counts: [UInt64: Int] = [:]
        for row in read.before.rows { counts[CommittedLog.hash(row), default: 0] += 1 }
        for row in read.after.rows { counts[CommittedLog.hash(row), default: 0] -= 1 }
        check(
            read.answer, counts,
            "\(read.table.name), changes of the log from \(read.before.offsets) to "
                + "\(read.after.offsets):")
        tally.expect(
            read.answer.from == read.before.offsets && read.answer.to == read.after.offsets,
            "\(read.table.name): changes from \(read.before.offsets) to \(read.after.offsets) are "
                + "said to be from \(read.answer.from) to \(read.answer.to)")
    }

    /// `counts`: how much more often a row was there before than after.
    private func check(_ answer: ChangeAnswer, _ counts: [UInt64: Int], _ place: String) {
        var counts = counts
        for change in answer.changes {
            let isGone = change.type == .delete || change.type == .updateBefore
            counts[CommittedLog.hash(change.row), default: 0] += isGone ? -1 : 1
        }
        let wrong = counts.values.count { $0 != 0 }
        tally.expect(
            wrong == 0,
            "\(place) \(wrong) rows are another number of times there than the changes say")
    }

    /// Batch by batch there are the rows that there are in one.
    private func check(_ read: StreamedAnswer) {
        var counts: [UInt64: Int] = [:]
        for row in read.whole.rows { counts[CommittedLog.hash(row), default: 0] += 1 }
        for row in read.rows { counts[CommittedLog.hash(row), default: 0] -= 1 }
        let wrong = counts.values.count { $0 != 0 }
        tally.expect(
            wrong == 0,
            "\(read.table.name), read batch by batch up to \(read.whole.offsets): \(wrong) rows "
                + "are another number of times there than in a read of the whole")
    }
}
