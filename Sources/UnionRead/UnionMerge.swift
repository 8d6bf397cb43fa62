import Changelog
import Columnar
import Iceberg
import LakeTiering

/// Merges the rows of the lake with the changes of the log after it.
struct UnionMerge {
    private(set) var rows: RowSet
    /// What lake and log may leave out before merging.
    let pushed: RowFilter
    private let table: TieredTable
    private let request: ReadRequest
    private let codec: KeyCodec
    /// Positions in the table's schema of the columns that are read, and in those of the key.
    private let columns: [Int]
    private let keyColumns: [Int]
    private var places: [RowSet.Place] = []
    private var byKey: [[UInt8]: RowSet.Place] = [:]
    /// How many rows of the lake the log took away.
    private(set) var deletedLakeRowCount = 0
    private var lakeBatchCount: Int32 = 0
    private var lakeRowCount = 0
    private var logRecordCount = 0
    /// Rows of the lake that stand for no change of the log.
    private var foreignRowCount = 0
    private let isShared: Bool

    /// `isShared`: other programs changed rows of the lake, which are not the log's alone then.
    init(_ table: TieredTable, _ request: ReadRequest, isShared: Bool) {
        self.isShared = isShared
        let schema = table.schema
        self.table = table
        self.request = request
        codec = KeyCodec(primaryKeyOf: schema)
        let keys = Set(schema.primaryKey.map { schema.fields[$0].identifier })
        // A row of a key that the log changes later must not be left out for what it was before.
        // Nor one that hides another of its place, where others added rows.
        pushed =
            table.isPrimaryKeyTable
            ? RowFilter(request.filter.conditions.filter { keys.isSuperset(of: $0.columns) })
            : isShared ? RowFilter() : request.filter
        // What partition rows of the lake are in is told by these.
        let filtered = request.filter.columns.union(table.partitionFields)
        var wanted = request.columns ?? Array(schema.fields.indices)
        for position in schema.fields.indices where !wanted.contains(position) {
            let isFiltered = filtered.contains(schema.fields[position].identifier)
            if isFiltered || schema.primaryKey.contains(position) { wanted.append(position) }
        }
        columns = wanted
        keyColumns = schema.primaryKey.map { position in
            guard let found = wanted.firstIndex(of: position) else {
                preconditionFailure("a key column is not read")
            }
            return found
        }
        rows = RowSet(schema, columns: wanted)
    }

    /// Takes in rows of the lake, all of which must lie before the lake's ends; where other
    /// programs added rows, those that do not, or that are there already, are left out. So are
    /// those of partitions that are not read.
    mutating func add(
        lake batch: RecordBatch, _ base: UnionBase, _ file: LakeScan.LiveFile
    ) throws {
        let path = file.file.path
        let number = rows.append(
            batch, of: base.partitions?.partitions(file, batch) ?? .all(nil))
        lakeBatchCount = number + 1
        lakeRowCount += batch.rowCount
        for row in 0..<batch.rowCount {
            let place = RowSet.Place(batch: number, row: Int32(row))
            let position = rows.position(of: place)
            if let scope = base.partitions, let partition = position.partition,
                !scope.reads(partition)
            {
                continue
            }
            guard position.offset >= 0, position.offset < base.offsets[position.lakeBucket] else {
                if isShared {
                    foreignRowCount += 1
                    continue
                }
                throw contradiction(
                    "\(path) has a row of \(position.lakeBucket) offset \(position.offset), "
                        + "but the lake ends at \(base.offsets)")
            }
            if !rows.passes(place, pushed) { continue }
            if table.isPrimaryKeyTable {
                let key = try self.key(batch, row)
                guard let former = byKey.updateValue(place, forKey: key) else { continue }
                if !isShared {
                    throw contradiction("\(path) has a row of a key that has one already")
                }
                foreignRowCount += 1
                if rows.position(of: former).offset >= position.offset { byKey[key] = former }
            } else {
                places.append(place)
            }
        }
    }

    /// Takes in the next batch of a bucket's log, as far as it is before an offset.
    mutating func add(log batch: LogBatch, bucket: LakeBucket, before end: Int64) throws {
        let (records, changes) = try table.records(of: batch)
        let count = min(records.rowCount, Int(max(0, end - batch.baseOffset)))
        if count == 0 { return }
        let number = try rows.append(records.project(columns), of: batch, bucket: bucket)
        logRecordCount += count
        for row in 0..<count {
            let place = RowSet.Place(batch: number, row: Int32(row))
            if changes[row] == .updateBefore || !rows.passes(place, pushed) { continue }
            if table.isPrimaryKeyTable {
                try apply(changes[row], try key(rows.batches[Int(number)], row), place)
            } else if changes[row] == .append {
                places.append(place)
            } else {
                throw contradiction(
                    "\(changes[row].symbol) at \(bucket) offset "
                        + "\(batch.baseOffset + Int64(row)) of a log table")
            }
        }
    }

    private mutating func apply(
        _ change: ChangeType, _ key: [UInt8], _ place: RowSet.Place
    ) throws {
        let former = byKey[key]
        if change == .append || ((change == .insert) == (former != nil) && !isShared) {
            let position = rows.position(of: place)
            throw contradiction(
                "\(change.symbol) at \(position.lakeBucket) offset \(position.offset) of a key "
                    + "that is \(former == nil ? "not there" : "there")")
        }
        byKey[key] = change == .delete ? nil : place
        if change == .delete, let former, former.batch < lakeBatchCount {
            deletedLakeRowCount += 1
        }
    }

    private func key(_ batch: RecordBatch, _ row: Int) throws -> [UInt8] {
        try codec.encode(keyColumns.map { batch.value(row: row, column: $0) })
    }

    /// The answer; the merge is used up.
    consuming func finish(
        snapshot: Int64?, lakeOffsets: LakeOffsets, offsets: LakeOffsets
    ) throws -> UnionAnswer {
        var keys: [[UInt8]] = []
        if table.isPrimaryKeyTable {
            keys = byKey.keys.sorted { $0.lexicographicallyPrecedes($1) }
            keys = keys.filter { rows.passes(byKey[$0]!, request.filter) }
            places = keys.map { byKey[$0]! }
        } else {
            try sortByPosition()
        }
        var wanted = Array((request.columns ?? columns).indices)
        if request.includesSystemColumns {
            wanted += rows.schema.fields.indices.suffix(SystemColumns.all.count)
        }
        return UnionAnswer(
            snapshot: snapshot, offsets: offsets, lakeOffsets: lakeOffsets,
            batches: try rows.gather(places, columns: wanted), keys: keys,
            positions: places.map { rows.position(of: $0) }, lakeRowCount: lakeRowCount,
            logRecordCount: logRecordCount, foreignRowCount: foreignRowCount, isShared: isShared)
    }

    private mutating func sortByPosition() throws {
        var sorted = places.map { (position: rows.position(of: $0), place: $0) }
        // Files come in the order of their commits, buckets within.
        sorted.sort { $0.position < $1.position }
        if isShared {
            var distinct: [(position: UnionAnswer.Position, place: RowSet.Place)] = []
            for row in sorted where row.position != distinct.last?.position { distinct.append(row) }
            foreignRowCount += sorted.count - distinct.count
            sorted = distinct
        }
        if isShared { sorted = sorted.filter { rows.passes($0.place, request.filter) } }
        for (earlier, later) in zip(sorted, sorted.dropFirst())
        where earlier.position == later.position {
            throw contradiction(
                "two rows of \(later.position.lakeBucket) offset \(later.position.offset)")
        }
        places = sorted.map(\.place)
    }

    private func contradiction(_ reason: String) -> UnionReadError {
        .inconsistent(table: table.name, reason: reason)
    }
}
