public import Columnar
import Iceberg
public import LakeTiering
import Platform
public import UnionRead

extension TableDescription {
    /// The table as the lake knows it.
    public var tiered: TieredTable {
        var tiered = TieredTable(
            identifier: identifier, database: path.database, name: name, schemas: schemas,
            bucketCount: Int(bucketCount))
        tiered.configure(properties.entries.map { ($0.name, $0.value) })
        tiered.partitionFields = partitionFields
        return tiered
    }

    /// The table as the lake knows it, with its partitions.
    public func tiered(with partitions: [PartitionDescription]) -> TieredTable {
        var tiered = tiered
        if isPartitioned { tiered.partitions = partitions.map(\.tiered) }
        return tiered
    }

    /// The table as it was under one of its schemas; nil if it never had it.
    public func under(schema identifier: Int16) -> TableDescription? {
        var former = self
        let known = schemas.schemas.filter { $0.identifier <= identifier }
        guard known.last?.identifier == identifier,
            let schemas = try? SchemaHistory(validating: known)
        else { return nil }
        former.schemas = schemas
        return former
    }
}

extension ClusterClient {
    /// One answer over the lake and the log; see `UnionReader`.
    public func read(
        _ table: TableDescription, at moment: ReadMoment = .head, _ request: ReadRequest = .init()
    ) async throws -> UnionAnswer {
        try await unionReader.read(try await tiered(table, for: [moment]), at: moment, request)
    }

    /// A table as a lake snapshot has it: under the schema that it was made by, as readers of
    /// Iceberg see it who read the past.
    public func table(
        _ table: TableDescription, asOf snapshot: Int64
    ) async throws -> TableDescription {
        let tiered = table.tiered
        guard
            let lake = try await LakeTable.open(
                machine, tiered.lakeName, in: configuration.lakeLocation, lakeManifests),
            let found = lake.metadata.snapshot(snapshot)
        else {
            throw IcebergError.noSuchSnapshot(
                table: tiered.lakeName.description, snapshot: snapshot)
        }
        let progress = try tiered.progress(at: found, in: lake.metadata)
        let identifier = tiered.schemaIdentifier(at: progress)
        guard let former = table.under(schema: identifier) else {
            throw UnionReadError.laterSchema(
                table: table.name, schema: identifier, known: table.schema.identifier)
        }
        return former
    }

    /// What became of a table's rows between two moments; see `UnionReader`.
    public func changes(
        _ table: TableDescription, from start: ReadMoment, to end: ReadMoment = .head,
        _ request: ReadRequest = .init()
    ) async throws -> ChangeAnswer {
        try await unionReader.changes(
            try await tiered(table, for: [start, end]), from: start, to: end, request)
    }

    /// As `read`, batch by batch and in no order; see `UnionReader.stream`.
    public func stream(
        _ table: TableDescription, at moment: ReadMoment = .head,
        _ request: ReadRequest = .init(), _ take: (RecordBatch) async throws -> Void
    ) async throws -> UnionExtent {
        try await unionReader.stream(
            try await tiered(table, for: [moment]), at: moment, request, take)
    }

    private var unionReader: UnionReader {
        UnionReader(machine, in: configuration.lakeLocation, log: self, lakeManifests)
    }

    /// The table with the partitions that it has at this moment, where they matter: a snapshot says
    /// itself which ones it has.
    private func tiered(
        _ table: TableDescription, for moments: [ReadMoment]
    ) async throws -> TieredTable {
        let needsLog = moments.contains { moment in
            switch moment {
            case .head, .offsets: true
            case .snapshot, .reference, .time: false
            }
        }
        if !table.isPartitioned || !needsLog { return table.tiered }
        return table.tiered(with: try await presentPartitions(of: table.identifier))
    }
}
