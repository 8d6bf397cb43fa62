import Columnar
import Parquet

/// Reads the live rows of a data file, row group by row group, so that no more than one of them is
/// in memory.
///
/// Row groups of which the filter can tell that no row of theirs passes are left out unread. Of the
/// others the columns are read first on which it depends whether a row is wanted, and the rest only
/// if any is.
public struct LakeFileReader {
    private enum Source {
        case whole(ParquetReader)
        case pieces(ParquetRangeReader)

        var contents: ParquetContents {
            switch self {
            case .whole(let reader): reader.contents
            case .pieces(let reader): reader.contents
            }
        }
    }

    private let source: Source
    private let file: DataFile
    private let schema: Schema
    private let filter: RowFilter
    private let deletedPositions: Set<Int64>
    private let equalities: [EqualityDeletes]
    /// The columns that decide, and those of `schema` that do not.
    private let deciding: Schema
    private let rest: Schema
    private let known: Schema
    private var nextGroup = 0

    init(
        _ table: LakeTable, _ file: DataFile, without deletions: LakeDeletions, as schema: Schema,
        filter: RowFilter
    ) async throws {
        self.file = file
        self.schema = schema
        self.filter = filter
        deletedPositions = deletions.positions[file.path] ?? []
        let equalities = deletions.equalities.filter { table.concerns($0, file.path, deletions) }
        self.equalities = equalities
        var wanted = filter.columns
        for deletes in equalities { wanted.formUnion(deletes.schema.fields.map(\.identifier)) }
        var fields: [Field] = []
        for identifier in wanted.sorted() {
            let known = schema.fields + table.metadata.schema.columns.fields
            guard let field = known.first(where: { $0.identifier == identifier }) else {
                throw IcebergError.unsupported(reason: "a filter on column id \(identifier)")
            }
            for deletes in equalities {
                let compared = deletes.schema.fields.first { $0.identifier == identifier }
                if let compared, compared.type != field.type {
                    throw IcebergError.unsupported(
                        reason: "\(deletes.path) deletes by \(field.name), which is read as "
                            + "another type")
                }
            }
            fields.append(field)
        }
        let others = schema.fields.filter { !wanted.contains($0.identifier) }
        do {
            known = try Schema(validating: fields + others)
            deciding = try Schema(validating: fields)
            rest = try Schema(validating: others)
        } catch {
            throw IcebergError.unsupported(reason: "columns of \(file.path) of which \(error)")
        }
        // Vectors' dimensions are told to files that do not say them.
        let expected = ParquetSchema(known)
        do {
            if file.byteCount <= LakeTable.wholeFileByteCount {
                source = .whole(
                    try ParquetReader.open(try await table.read(file.path), expected: expected))
            } else {
                source = .pieces(
                    try await ParquetRangeReader.open(
                        byteCount: file.byteCount, expected: expected
                    ) { try await table.read(file.path, range: $0) })
            }
        } catch let error as ColumnarError {
            throw IcebergError.damaged(path: file.path, reason: "\(error)")
        }
    }

    /// The live rows that pass of the next row group that has any; nil at the end.
    public mutating func next() async throws -> LakeRows? {
        while nextGroup < source.contents.rowGroups.count {
            let group = source.contents.rowGroups[nextGroup]
            nextGroup += 1
            guard filter.mayMatch(group, of: source.contents, as: known) else { continue }
            do {
                if let rows = try await read(group) { return rows }
            } catch let error as ColumnarError {
                throw IcebergError.damaged(path: file.path, reason: "\(error)")
            }
        }
        return nil
    }

    private func read(_ group: ParquetRowGroup) async throws -> LakeRows? {
        let decided = try await read(group.index, deciding)
        let first = Int64(group.firstRow)
        let runs = wantedRows(decided, group, from: first)
        let positions = runs.flatMap { run in run.map { first + Int64($0) } }
        if positions.isEmpty { return nil }
        if schema.fields.isEmpty {
            return LakeRows(
                batch: RecordBatch(schema: schema, rowCount: positions.count, columns: []),
                positions: positions)
        }
        let others = try await read(group.index, rest)
        let columns = schema.fields.map { field in
            let position = rest.fields.firstIndex { $0.identifier == field.identifier }
            if let position { return others.columns[position] }
            let decides = deciding.fields.firstIndex { $0.identifier == field.identifier }
            return decided.columns[decides!]
        }
        let batch = RecordBatch(schema: schema, rowCount: group.rowCount, columns: columns)
        if positions.count == group.rowCount {
            return LakeRows(batch: batch, positions: positions)
        }
        var builder = RecordBatchBuilder(schema: schema, capacity: positions.count)
        try builder.append(contentsOf: batch, runs: runs)
        return LakeRows(batch: builder.finish(), positions: positions)
    }

    /// The rows of a group that are live and pass, as runs of neighbours.
    private func wantedRows(
        _ batch: RecordBatch, _ group: ParquetRowGroup, from first: Int64
    ) -> [Range<Int>] {
        let isFiltered = !filter.conditions.isEmpty
        if !isFiltered && deletedPositions.isEmpty && equalities.isEmpty {
            return group.rowCount == 0 ? [] : [0..<group.rowCount]
        }
        let passing = isFiltered ? filter.selection(of: batch) : []
        var runs: [Range<Int>] = []
        for row in 0..<group.rowCount {
            if isFiltered && !passing[row] { continue }
            if deletedPositions.contains(first + Int64(row)) { continue }
            if equalities.contains(where: { $0.contains(batch, row) }) { continue }
            if let last = runs.last, last.upperBound == row {
                runs[runs.count - 1] = last.lowerBound..<row + 1
            } else {
                runs.append(row..<row + 1)
            }
        }
        return runs
    }

    private func read(_ group: Int, _ schema: Schema) async throws -> RecordBatch {
        if schema.fields.isEmpty {
            return RecordBatch(
                schema: schema, rowCount: source.contents.rowGroups[group].rowCount, columns: [])
        }
        return switch source {
        case .whole(let reader): try reader.read(rowGroup: group, as: schema)
        case .pieces(let reader): try await reader.read(rowGroup: group, as: schema)
        }
    }
}
