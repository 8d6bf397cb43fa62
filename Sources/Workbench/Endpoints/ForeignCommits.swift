import Cluster
import Iceberg
import JSON
import Platform
import Server

/// What other programs do to the tables between the requests of the one that is tried.
final class ForeignCommits {
    private let machine: Machine
    var catalog: CatalogGateway?

    init(_ machine: Machine) { self.machine = machine }

    /// Commits a snapshot that changes no rows: it has the files of the one before it.
    func commit(_ namespace: String, _ table: String) async throws {
        guard let metadata = try await metadata(namespace, table), let current = metadata.current
        else { return }
        let identifier = Int64(machine.entropy.next() >> 1 | 1)
        let time = max(
            machine.clock.timestamp.millisecondsSinceEpoch, current.timestampMilliseconds)
        var snapshot: [JSONMember] = [
            JSONMember("snapshot-id", .integer(identifier)),
            JSONMember("parent-snapshot-id", .integer(current.identifier)),
            JSONMember("sequence-number", .integer(metadata.lastSequenceNumber + 1)),
            JSONMember("timestamp-ms", .integer(time)),
            JSONMember("manifest-list", .string(current.manifestList)),
            JSONMember("summary", ["operation": "append", "written-by": "somebody else"]),
        ]
        if let schema = current.schemaIdentifier {
            snapshot.append(JSONMember("schema-id", .integer(Int64(schema))))
        }
        try await post(
            namespace, table,
            [
                ["action": "add-snapshot", "snapshot": .object(snapshot)],
                [
                    "action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                    "snapshot-id": .integer(identifier),
                ],
            ])
    }

    /// Expires all snapshots that no branch or tag names, and removes what only they needed.
    func expire() async throws {
        for name in try await machine.lakeCatalog.list() {
            let location = ClusterConfiguration.defaultLakeLocation
            guard let table = try await LakeTable.open(machine, name, in: location) else {
                continue
            }
            let named = table.metadata.namedSnapshots
            let old = table.metadata.snapshots.filter { !named.contains($0.identifier) }
            if old.isEmpty { continue }
            try await post(
                name.namespace, name.name,
                [
                    [
                        "action": "remove-snapshots",
                        "snapshot-ids": .array(old.map { .integer($0.identifier) }),
                    ]
                ])
            try await table.refresh()
            let gone = old.filter { table.metadata.snapshot($0.identifier) == nil }
            _ = try await table.deleteUnreachable(from: gone, on: machine)
        }
    }

    private func metadata(_ namespace: String, _ table: String) async throws -> TableMetadata? {
        let name = LakeTableName(
            namespace: namespace.replacing("\u{1f}", with: "."), name: table)
        let location = ClusterConfiguration.defaultLakeLocation
        return try await LakeTable.open(machine, name, in: location)?.metadata
    }

    private func post(
        _ namespace: String, _ table: String, _ updates: [JSONValue]
    ) async throws {
        let body: JSONValue = ["requirements": [], "updates": .array(updates)]
        guard
            var request = WebRequest(
                method: "POST", target: "/", body: Array(body.compact.utf8))
        else { return }
        request.path = ["iceberg", "v1", "namespaces", namespace, "tables", table]
        let response = try await catalog?.answer(request, Array(request.path.dropFirst(2)))
        if let response, response.status >= 300 {
            machine.observer.note(
                .warning,
                "a foreign commit was refused: \(String(decoding: response.body, as: UTF8.self))")
        }
    }
}
