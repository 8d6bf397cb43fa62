public import LakeTiering
public import UnionRead

extension TableDescription {
    /// The table as the lake knows it.
    public var tiered: TieredTable {
        var tiered = TieredTable(
            identifier: identifier, database: path.database, name: name, schema: schema,
            bucketCount: Int(bucketCount))
        tiered.configure(properties.entries.map { ($0.name, $0.value) })
        return tiered
    }
}

extension ClusterClient {
    /// One answer over the lake and the log; see `UnionReader`.
    public func read(
        _ table: TableDescription, at moment: ReadMoment = .head, _ request: ReadRequest = .init()
    ) async throws -> UnionAnswer {
        try await unionReader(of: table).read(table.tiered, at: moment, request)
    }

    /// What became of a table's rows between two moments; see `UnionReader`.
    public func changes(
        _ table: TableDescription, from start: ReadMoment, to end: ReadMoment = .head,
        _ request: ReadRequest = .init()
    ) async throws -> ChangeAnswer {
        try await unionReader(of: table).changes(table.tiered, from: start, to: end, request)
    }

    private func unionReader(of table: TableDescription) throws -> UnionReader {
        if table.isPartitioned {
            throw ClusterError.invalidRequest(
                reason: "\(table.path) has partitions, which are not in the lake yet: read its "
                    + "buckets")
        }
        return UnionReader(machine, in: configuration.lakeLocation, log: self, lakeManifests)
    }
}
