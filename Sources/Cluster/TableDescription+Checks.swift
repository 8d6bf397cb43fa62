import Columnar
import KeyValue
import LakeTiering

/// What a table may be, checked once where it is created or altered: what passes here traps nobody
/// later.
extension TableDescription {
    /// Fluss allows 128,000 buckets; more than these no transaction of the coordination service
    /// takes.
    static let bucketCountLimit: Int32 = 4096
    static let replicationLimit = 16
    static let columnCountLimit = 1000
    static let precisionLimit = 18
    static let dimensionLimit = 16_384
    private static let nameByteCountLimit = 255

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
        try checkMerging()
    }

    private func refused(_ reason: String) -> ClusterError {
        .invalidRequest(reason: "table \(path): \(reason)")
    }

    private func checkColumns() throws(ClusterError) {
        guard 1...Self.columnCountLimit ~= schema.fields.count else {
            throw refused("\(schema.fields.count) columns, not 1 to \(Self.columnCountLimit)")
        }
        var folded: Set<String> = []
        for field in schema.fields {
            let name = field.name
            if name.isEmpty || name.utf8.count > Self.nameByteCountLimit {
                throw refused(
                    "column \(field.identifier) needs a name of 1 to \(Self.nameByteCountLimit) "
                        + "bytes")
            }
            if SystemColumns.all.contains(where: { $0.name == name.lowercased() }) {
                throw refused("column name \(name) is reserved for the system")
            }
            if !folded.insert(name).inserted { throw refused("column \(name) comes twice") }
            if let objection = Self.objection(to: field.type) {
                throw refused("column \(name): \(objection)")
            }
        }
        // Field identifiers stay below those of the lake's own columns.
        if !SystemColumns.fit(schema) { throw refused("field identifiers have to be 1 to 999,999") }
    }

    /// Why no column can have a type; nil if one can.
    static func objection(to type: DataType) -> String? {
        switch type {
        case .decimal(let precision, let scale):
            guard 1...precisionLimit ~= precision else {
                return "a precision of \(precision), not 1 to \(precisionLimit)"
            }
            return 0...precision ~= scale ? nil : "a scale of \(scale), not 0 to \(precision)"
        case .vector(let dimension):
            return 1...dimensionLimit ~= dimension
                ? nil : "\(dimension) dimensions, not 1 to \(dimensionLimit)"
        default: return nil
        }
    }

    private func checkKeys() throws(ClusterError) {
        for position in schema.primaryKey {
            let field = schema.fields[position]
            if case .vector = field.type {
                throw refused("column \(field.name) of \(field.type) cannot be in the key")
            }
        }
        if Set(schema.primaryKey).count != schema.primaryKey.count {
            throw refused("a column is twice in the primary key")
        }
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
            if case .vector = schema.fields[position].type {
                throw refused("column \(schema.fields[position].name) cannot choose the bucket")
            }
        }
        guard let vectorColumn else { return }
        guard case .vector = schema.fields[vectorColumn].type, isPrimaryKeyTable else {
            throw refused("only a vector column of a primary-key table can be indexed")
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
