public import Columnar
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

    /// As `read`, batch by batch and in no order; see `UnionReader.stream`.
    public func stream(
        _ table: TableDescription, at moment: ReadMoment = .head,
        _ request: ReadRequest = .init(), _ take: (RecordBatch) async throws -> Void
    ) async throws -> UnionExtent {
        try await unionReader(of: table).stream(table.tiered, at: moment, request, take)
    }

    private func unionReader(of table: TableDescription) throws(ClusterError) -> UnionReader {
        if table.isPartitioned {
            throw .invalidRequest(
                reason: "\(table.path) has partitions, which are not in the lake yet: read its "
                    + "buckets")
        }
        return UnionReader(machine, in: configuration.lakeLocation, log: self, lakeManifests)
    }
}
