import Changelog
import Cluster
import Columnar
import Iceberg
import Platform
import ScenarioFiles
import UnionRead

extension Surveyor {
    /// Reads a table whole, now or at a snapshot, and has every row held against the changelog.
    func readUnion(_ table: TableDescription, at snapshot: Int64?) async throws {
        let answer: UnionAnswer
        do {
            answer = try await client.read(table, at: snapshot.map { .snapshot($0) } ?? .head)
        } catch let error as LogSourceError {
            if case .damaged = error { tallies[.unionRead].violated("\(table.name): \(error)") }
            return
        } catch let error as IcebergError {
            if case .damaged = error { tallies[.unionRead].violated("\(table.name): \(error)") }
            return
        } catch let error as UnionReadError {
            // A new leader learns late how far its log is committed: a refusal, no answer.
            switch error {
            case .lakeAhead, .logIncomplete: return
            default: break
            }
            tallies[.unionRead].violated("\(table.name): \(error)")
            return
        }
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
