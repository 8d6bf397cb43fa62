public import LakeTiering
public import UnionRead

extension TableDescription {
    /// The table as the lake knows it.
    public var tiered: TieredTable {
        TieredTable(
            identifier: identifier, name: name, schema: schema, bucketCount: Int(bucketCount))
    }
}

extension ClusterClient {
    /// One answer over the lake and the log; see `UnionReader`.
    public func read(
        _ table: TableDescription, at moment: ReadMoment = .head, _ request: ReadRequest = .init()
    ) async throws -> UnionAnswer {
        let reader = UnionReader(
            machine, in: ClusterConfiguration.lakeLocation, log: self, lakeManifests)
        return try await reader.read(table.tiered, at: moment, request)
    }
}
