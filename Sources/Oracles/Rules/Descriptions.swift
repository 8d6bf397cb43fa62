import Cluster
import Columnar
import Server

extension OracleName {
    public static let descriptions = OracleName("descriptions")
}

/// A table is described as its last alteration left it, by every node that has heard of it, and a
/// list of tables names all that are there.
final class Descriptions: Oracle {
    static let description = OracleDescription(
        .descriptions, "tables are described as last altered, and lists name all of them",
        compares: "descriptions of tables, and lists of them")

    private let evidence: Evidence
    private let tally: Tally

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    func learned(_ fact: Fact) {
        guard case .second = fact, let mirror = evidence.client?.mirror else { return }
        for table in evidence.observation.tables {
            // Who reads may not have heard of it yet, or have heard that it is dropped.
            guard mirror.tables[table.identifier] != nil else { continue }
            let listed = mirror.tables(in: table.path.database)
            tally.expect(
                listed.contains { $0.identifier == table.identifier },
                "\(table.name) is there, and the list of \(table.path.database) does not name it")
        }
    }

    func readAgain() async throws {
        guard let mirror = evidence.client?.mirror else { return }
        for table in evidence.observation.tables {
            tally.expect(
                mirror.tables[table.identifier].map { Self.isSame($0, table) } ?? false,
                "\(table.name) is another than its last alteration left: "
                    + difference(mirror.tables[table.identifier], table))
            for (name, server) in evidence.observation.deployment.runningServers {
                guard server.mirror.isLoaded, let known = server.mirror.tables[table.identifier]
                else { continue }
                tally.expect(
                    Self.isSame(known, table),
                    "\(name) knows \(table.name) otherwise than its last alteration left it: "
                        + difference(known, table))
            }
        }
    }

    private static func isSame(_ left: TableDescription, _ right: TableDescription) -> Bool {
        left.schemas == right.schemas && left.properties == right.properties
    }

    private func difference(_ found: TableDescription?, _ table: TableDescription) -> String {
        guard let found else { return "it is not there" }
        if found.schemas != table.schemas {
            return "its schema is \(found.schema.identifier), not \(table.schema.identifier)"
        }
        let properties = [found, table].map { described in
            described.properties.entries.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        }
        return "its properties are \(properties[0]), not \(properties[1])"
    }
}
