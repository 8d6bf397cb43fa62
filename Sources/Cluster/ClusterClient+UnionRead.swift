public import LakeTiering
public import UnionRead

extension TableDescription {
    /// The table as the lake knows it.
    public var tiered: TieredTable {
        TieredTable(
            identifier: identifier, database: path.database, name: name, schema: schema,
            bucketCount: Int(bucketCount))
    }
}

extension ClusterClient {
    /// One answer over the lake and the log; see `UnionReader`.
    public func read(
        _ table: TableDescription, at moment: ReadMoment = .head, _ request: ReadRequest = .init()
    ) async throws -> UnionAnswer {
        if table.isPartitioned {
            throw ClusterError.invalidRequest(
                reason: "\(table.path) has partitions, which are not in the lake yet: read its "
                    + "buckets")
        }
        let reader = UnionReader(
            machine, in: configuration.lakeLocation, log: self, lakeManifests)
        return try await reader.read(table.tiered, at: moment, request)
    }
}
