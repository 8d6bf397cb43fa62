import Cluster
import Columnar
import Platform
import Server
import VectorSinks

extension OracleName {
    public static let sinks = OracleName("sinks")
}

/// A vector service that a table is brought to has one point for each row with a vector, as the
/// row is, and what has reached it of a point is never followed by anything older.
final class Sinks: Oracle {
    static let description = OracleDescription(
        .sinks, "a vector service has what the tables have, and nothing older comes back",
        compares: "writes of points with those before them, and points with their rows",
        needs: [.cluster, .engine, .store])

    private struct Place: Hashable {
        var collection: String
        var identifier: PointIdentifier
    }

    private let evidence: Evidence
    private let tally: Tally
    /// The newest version of each point that reached the service.
    private var newest: [Place: Int64] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    private var tables: [TableDescription] {
        evidence.observation.tables.filter(ClusterSinks.takes)
    }

    var hasWork: Bool { evidence.observation.has(.sink) && !tables.isEmpty }

    func learned(_ fact: Fact) {
        guard case .vectorWritten(let collection, let written, let point) = fact else { return }
        let place = Place(collection: collection, identifier: written.identifier)
        let before = newest[place] ?? written.version
        tally.expect(
            written.version >= before,
            "\(collection): point \(written.identifier) is "
                + "\(point == nil ? "removed" : "written") as of offset \(written.version), after "
                + "what offset \(before) had made of it")
        newest[place] = max(before, written.version)
    }

    func conclude() {
        if !evidence.observation.has(.sink) { return }
        for table in tables where !evidence.isDropped(table.identifier) {
            for (column, collection) in VectorCollection.all(of: table).enumerated() {
                let points = evidence.observation.vectorPoints(of: collection.name)
                tally.expect(
                    points != nil,
                    "\(table.name) was never brought to the vector service as \(collection.name)")
                if let points { compare(points, with: table, column) }
            }
        }
    }

    private func compare(_ points: [VectorPoint], with table: TableDescription, _ column: Int) {
        var expected = rows(of: table, column)
        for point in points {
            guard let row = expected.removeValue(forKey: point.identifier) else {
                tally.violated(
                    "\(table.name): the vector service has point \(point.identifier) of offset "
                        + "\(point.version), which the table does not have")
                continue
            }
            tally.expect(
                point == row.point,
                "\(table.name) key \(row.key): the vector service has it as of offset "
                    + "\(point.version), the table as of \(row.point.version)"
                    + (point.vector == row.point.vector ? "" : ", and another vector"))
        }
        for missing in expected.values.sorted(by: { $0.point.identifier < $1.point.identifier }) {
            tally.violated(
                "\(table.name) key \(missing.key): the vector service does not have the row of "
                    + "offset \(missing.point.version)")
        }
    }

    /// What the service should have, by identifier, each with its key in words.
    private func rows(
        of table: TableDescription, _ column: Int
    ) -> [PointIdentifier: (point: VectorPoint, key: String)] {
        guard let shape = SinkTable(table) else { return [:] }
        var found: [PointIdentifier: (point: VectorPoint, key: String)] = [:]
        for bucket in evidence.buckets(of: table) where !evidence.isGone(bucket) {
            guard let log = evidence.logs[bucket] else { continue }
            let rows = log.presentRows
            for (number, offset) in log.rowOffsets(at: log.endOffset).enumerated()
            where offset >= 0 {
                let key = log.keys[number]
                guard let row = rows[key],
                    let change = try? shape.change(
                        row, log.table.schema, isDelete: false, offset: offset,
                        partition: bucket.partition),
                    let point = change.point(column)
                else { continue }
                found[change.identifier] = (point, log.describe(key))
            }
        }
        return found
    }
}
