import Columnar
import Iceberg
import KeyValue
import LakeTiering

/// What a table may be, checked once where it is created or altered: what passes here traps nobody
/// later. Its schema has checked its own types.
extension TableDescription {
    /// Fluss allows 128,000 buckets; more than these no transaction of the coordination service
    /// takes.
    static let bucketCountLimit: Int32 = 4096
    static let replicationLimit = 16
    static let columnCountLimit = 1000
    private static let nameByteCountLimit = 255
    private static let vectorFilterLimit = 16

    /// Throws `.invalidRequest` with the first thing that is wrong.
    public func check() throws(ClusterError) {
        if let objection = TablePath.objection(to: path.database) {
            throw refused("database name \(path.database.debugDescription): \(objection)")
        }
        if let objection = TablePath.objection(to: path.table) {
            throw refused("table name \(path.table.debugDescription): \(objection)")
        }
        guard 1...Self.bucketCountLimit ~= bucketCount else {
            throw refused("\(bucketCount) buckets, not 1 to \(Self.bucketCountLimit)")
        }
        guard 1...Self.replicationLimit ~= replicationFactor else {
            throw refused("\(replicationFactor) replicas, not 1 to \(Self.replicationLimit)")
        }
        try checkColumns()
        try checkKeys()
        try checkPartitions()
        try checkAutoIncrement()
        let statistics = properties[.statisticsColumns]
        if let statistics, statistics != "*",
            properties.statisticsColumns(schema).count != statistics.split(separator: ",").count
        {
            throw refused("\(TableProperty.statisticsColumns.rawValue) names no columns of it")
        }
        try checkMerging()
    }

    private func refused(_ reason: String) -> ClusterError {
        .invalidRequest(reason: "table \(path): \(reason)")
    }

    private func checkColumns() throws(ClusterError) {
        guard 1...Self.columnCountLimit ~= schema.fields.count else {
            throw refused("\(schema.fields.count) columns, not 1 to \(Self.columnCountLimit)")
        }
        for field in schema.fields {
            let name = field.name
            if name.isEmpty || name.utf8.count > Self.nameByteCountLimit {
                throw refused(
                    "column \(field.identifier) needs a name of 1 to \(Self.nameByteCountLimit) "
                        + "bytes")
            }
            if SystemColumns.isReserved(name) {
                throw refused("column name \(name) is reserved for the system")
            }
        }
        if isInLake && !SystemColumns.fit(schema) {
            let reason = IcebergSchema.flaw(schema.fields).map { ": \($0)" } ?? ""
            throw refused(
                "the lake cannot hold its columns\(reason): set table.datalake.enabled to false")
        }
    }

    private func checkKeys() throws(ClusterError) {
        let known = Set(schema.fields.map(\.identifier))
        guard bucketKeyFields.allSatisfy(known.contains),
            vectorField.map(known.contains) ?? true
        else { throw refused("the bucket key or the vector column is no column of it") }
        let bucketKey = self.bucketKey
        if Set(bucketKey).count != bucketKey.count {
            throw refused("a column is twice in the bucket key")
        }
        if isPrimaryKeyTable && !bucketKey.allSatisfy(schema.primaryKey.contains) {
            throw refused("the bucket key has to be a part of the primary key")
        }
        for position in bucketKey {
            let field = schema.fields[position]
            if field.type.isNested {
                throw refused("column \(field.name) of \(field.type) cannot choose the bucket")
            }
        }
        try checkVectors()
    }

    private func checkVectors() throws(ClusterError) {
        let names = properties.list(.vectorColumn)
        let others: [TableProperty] = [
            .vectorDimension, .vectorDistance, .vectorFilterColumns, .vectorQuantization,
        ]
        guard let vectorColumn else {
            if let name = names.first { throw refused("there is no column \(name) to be indexed") }
            if others.contains(where: { properties[$0] != nil }) {
                throw refused("it has no vector index: name the column that is to have one")
            }
            return
        }
        let field = schema.fields[vectorColumn]
        if let name = names.first, name != field.name {
            throw refused("\(field.name) is indexed, not \(name)")
        }
        for name in names where schema.position(of: name) == nil {
            throw refused("there is no column \(name) to be indexed")
        }
        if Set(names).count != names.count { throw refused("a column is twice to be indexed") }
        let columns = vectorColumns
        guard columns.count == max(1, names.count), isPrimaryKeyTable else {
            throw refused("only vector columns of a primary-key table can be indexed")
        }
        for property in others where property != .vectorFilterColumns {
            let count = properties.list(property).count
            let isForAll = count < 2 && (property != .vectorDimension || columns.count == 1)
            if count != 0 && count != columns.count && !isForAll {
                throw refused(
                    "\(property.rawValue) has \(count) values for \(columns.count) indexed columns")
            }
        }
        for (column, text) in zip(columns, properties.list(.vectorDimension))
        where Int(text) != column.dimension {
            throw refused(
                "vectors of \(schema.fields[column.position].name) have \(column.dimension) "
                    + "elements, not \(text)")
        }
        try checkVectorFilters()
    }

    private func checkVectorFilters() throws(ClusterError) {
        let names = properties.list(.vectorFilterColumns)
        if names.count > Self.vectorFilterLimit {
            throw refused(
                "vector indexes keep at most \(Self.vectorFilterLimit) columns for filters")
        }
        if Set(names).count != names.count {
            throw refused("a column is twice to be kept for filters")
        }
        for name in names {
            guard let position = schema.position(of: name) else {
                throw refused("there is no column \(name) to be kept for filters")
            }
            let type = schema.fields[position].type
            if type.isNested || type.typeDescription.name == "vector" {
                throw refused("column \(name) of \(type) cannot be kept for filters")
            }
        }
    }

    private func checkPartitions() throws(ClusterError) {
        let known = Set(schema.fields.map(\.identifier))
        guard partitionFields.allSatisfy(known.contains) else {
            throw refused("a partition column is no column of it")
        }
        let automatic = properties.automaticPartitions
        guard isPartitioned else {
            if automatic != nil { throw refused("it has no partitions to create automatically") }
            return
        }
        let columns = partitionKey
        if Set(columns).count != columns.count { throw refused("a column partitions it twice") }
        for column in columns {
            let field = schema.fields[column]
            if !Partitioning.accepts(field.type) {
                throw refused("column \(field.name) of \(field.type) cannot choose the partition")
            }
            if isPrimaryKeyTable && !schema.primaryKey.contains(column) {
                throw refused("partition column \(field.name) has to be in the primary key")
            }
            if bucketKey.contains(column) {
                throw refused("partition column \(field.name) cannot choose the bucket too")
            }
        }
        guard let automatic else { return }
        if columns.count > 1 && automatic.column == nil {
            throw refused("\(TableProperty.autoPartitionKey.rawValue) has to name a column")
        }
        let time = automatic.column ?? schema.fields[columns[0]].name
        guard let column = schema.position(of: time), columns.contains(column),
            schema.fields[column].type.storage == .text
        else { throw refused("\(time) is no partition column that holds text") }
        if columns.count > 1 && automatic.precreatedCount > 0 {
            throw refused(
                "partitions of several columns cannot be created ahead: set "
                    + "\(TableProperty.precreatedPartitions.rawValue) to 0")
        }
    }

    private func checkAutoIncrement() throws(ClusterError) {
        guard let autoIncrementField else { return }
        guard let field = schema.fields.first(where: { $0.identifier == autoIncrementField }),
            field.type == .int || field.type == .bigint, isPrimaryKeyTable,
            !schema.primaryKey.contains(where: {
                schema.fields[$0].identifier == autoIncrementField
            })
        else {
            throw refused(
                "rows are numbered in an int or bigint column beside the primary key alone")
        }
        guard try properties.mergeEngine(schema) == .lastRow else {
            throw refused("rows are numbered by the default merge engine alone")
        }
    }

    private func checkMerging() throws(ClusterError) {
        let engine = try properties.mergeEngine(schema)
        if !isPrimaryKeyTable {
            if engine != .lastRow || properties.deleteBehavior != nil {
                throw refused("a log table has no merge engine and no delete behavior")
            }
            return
        }
        if case .aggregate = engine, !properties.logsOldRows {
            // A writer that starts again undoes its aggregates with the rows before.
            throw refused("the aggregation merge engine needs table.changelog.image FULL")
        }
        do {
            try KeyValueTablet.check(
                schema, engine, properties.deleteBehavior ?? engine.defaultDeleteBehavior)
        } catch { throw refused("\(error)") }
    }
}
