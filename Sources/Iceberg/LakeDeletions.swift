import Avro
import Columnar
import Parquet

/// Which rows of a snapshot's files are deleted.
public struct LakeDeletions: Hashable, Sendable {
    var positions: [String: Set<Int64>] = [:]
    var equalities: [EqualityDeletes] = []
    /// The sequence numbers of the data files that they were read for.
    var sequences: [String: Int64] = [:]

    public init() {}

    public func contains(_ path: String, _ position: Int64) -> Bool {
        positions[path]?.contains(position) ?? false
    }
}

/// Rows that are deleted by the values of some columns (spec, "Equality Delete Files").
///
/// They concern data files of an earlier sequence number, of all partitions if their own spec has
/// none, else of theirs. Null equals null.
struct EqualityDeletes: Hashable, Sendable {
    var path: String
    var sequenceNumber: Int64
    /// The columns that are compared.
    var schema: Schema
    var keys: Set<[Value]>
    /// Nil of an unpartitioned spec.
    var specIdentifier: Int32?
    var partition: AvroValue

    /// Precondition: the batch has the columns that are compared.
    func contains(_ batch: RecordBatch, _ row: Int) -> Bool {
        let key = schema.fields.map { field in
            let column = batch.schema.fields.firstIndex { $0.identifier == field.identifier }
            guard let column else { preconditionFailure("a compared column is not in the batch") }
            return batch.value(row: row, column: column)
        }
        return keys.contains(key)
    }
}

extension LakeTable {
    /// What is deleted of some of a snapshot's data files, or of all if nil.
    ///
    /// Only delete files that may concern one of them are read, each once. All that they delete is
    /// held in memory.
    public func deletions(
        of scan: LakeScan, from files: [LakeScan.LiveFile]? = nil
    ) async throws -> LakeDeletions {
        var deletions = LakeDeletions()
        for data in files ?? scan.dataFiles {
            deletions.sequences[data.file.path] = data.sequenceNumber
        }
        for deletes in scan.deleteFiles where mayConcern(deletes, files ?? scan.dataFiles) {
            let path = deletes.file.path
            if deletes.file.isDeletionVector {
                try await read(deletes, into: &deletions)
                continue
            }
            guard deletes.file.format.uppercased() == "PARQUET" else {
                throw IcebergError.unsupported(
                    reason: "\(path) has deletes of format \(deletes.file.format)")
            }
            if deletes.file.content == .equalityDeletes {
                deletions.equalities.append(try await equalityDeletes(deletes))
                continue
            }
            for delete in try positionDeletes(in: try await read(path), path) {
                guard let sequence = deletions.sequences[delete.path],
                    sequence <= deletes.sequenceNumber
                else { continue }
                deletions.positions[delete.path, default: []].insert(delete.position)
            }
        }
        return deletions
    }

    /// Reads a deletion vector. It has all that earlier position deletes of its file have.
    private func read(
        _ vector: LakeScan.LiveFile, into deletions: inout LakeDeletions
    ) async throws {
        let file = vector.file
        guard let dataFile = file.referencedDataFile, let place = file.vectorRange else {
            throw IcebergError.damaged(
                path: file.path, reason: "a deletion vector that does not say where it is, or of")
        }
        guard let sequence = deletions.sequences[dataFile], sequence <= vector.sequenceNumber else {
            return
        }
        let bytes = try await read(file.path, range: place)
        let positions = try DeletionVector(decoding: bytes, of: file).positions
        deletions.positions[dataFile, default: []].formUnion(positions)
    }

    private func equalityDeletes(_ deletes: LakeScan.LiveFile) async throws -> EqualityDeletes {
        let path = deletes.file.path
        let fields = try deletes.file.equalityIdentifiers.map { identifier in
            let field = metadata.schema.columns.fields.first { $0.identifier == identifier }
            guard let field else {
                throw IcebergError.unsupported(
                    reason: "\(path) deletes by column id \(identifier), which \(name) has not")
            }
            return Field(
                identifier: field.identifier, name: field.name, type: field.type, isNullable: true)
        }
        if fields.isEmpty {
            throw IcebergError.damaged(path: path, reason: "it deletes by no column")
        }
        let place = partitioned[path]
        var found = EqualityDeletes(
            path: path, sequenceNumber: deletes.sequenceNumber, schema: Schema(fields: fields),
            keys: [], specIdentifier: place?.header.specIdentifier,
            partition: place?.partition ?? .record([]))
        do {
            let reader = try ParquetReader.open(try await read(path))
            for group in reader.contents.rowGroups {
                let batch = try reader.read(rowGroup: group.index, as: found.schema)
                for row in 0..<batch.rowCount { found.keys.insert(batch.row(at: row)) }
            }
        } catch let error as ColumnarError {
            throw IcebergError.damaged(path: path, reason: "\(error)")
        }
        return found
    }

    /// Whether rows of a data file may be among those that are deleted.
    func concerns(
        _ deletes: EqualityDeletes, _ path: String, _ deletions: LakeDeletions
    ) -> Bool {
        guard let sequence = deletions.sequences[path], sequence < deletes.sequenceNumber else {
            return false
        }
        guard let specIdentifier = deletes.specIdentifier else { return true }
        guard let place = partitioned[path] else { return false }
        return place.header.specIdentifier == specIdentifier
            && place.partition == deletes.partition
    }
}
