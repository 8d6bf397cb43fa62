public import Columnar
import Fluss
import Host
import JSON

/// A table as the target has it.
public struct TargetTable: Hashable, Sendable {
    public var fields: [Field]
    public var primaryKey: [String]

    func field(_ name: String) -> Field? { fields.first { $0.name == name } }

    init(_ json: JSONValue) throws(JSONError) {
        let schema = try json.required("schema")
        fields = []
        for column in try schema.required("columns").array() {
            let (type, isNullable) = try TypeJSON.decode(try column.required("data_type"))
            fields.append(
                Field(
                    identifier: Int32(fields.count + 1),
                    name: try column.required("name").string(), type: type,
                    isNullable: isNullable))
        }
        primaryKey = []
        for name in try schema.optional("primary_key")?.array() ?? [] {
            primaryKey.append(try name.string())
        }
        for position in fields.indices where primaryKey.contains(fields[position].name) {
            fields[position].isNullable = false
        }
    }
}

extension IngestTarget {
    /// The table of this name; nil if there is none.
    public func table(_ database: String, _ name: String) throws(IngestError) -> TargetTable? {
        let answer = try ask("GET", Self.path(database, name))
        if answer.status == 404 { return nil }
        guard answer.status == 200 else {
            throw .target(reason: "\(url) refuses: \(Self.detail(answer))")
        }
        return try read(answer.body)
    }

    private func read(_ body: [UInt8]) throws(IngestError) -> TargetTable {
        do throws(JSONError) { return try TargetTable(try JSONValue(parsing: body)) } catch {
            throw .target(reason: "\(url) describes a table that is not understood: \(error)")
        }
    }

    /// Makes the table of a shape if there is none, and the columns that it lacks.
    ///
    /// - Returns: The shape with the key of the table, if it has one and the shape says none.
    /// - Throws: `IngestError.target` if the table is of another key.
    public func prepare(_ shape: TableShape) throws(IngestError) -> TableShape {
        var shape = shape
        guard let table = try table(shape.database, shape.table) else {
            try create(shape)
            for position in shape.fields.indices
            where shape.primaryKey.contains(shape.fields[position].name) {
                shape.fields[position].isNullable = false
            }
            return shape
        }
        if shape.primaryKey.isEmpty { shape.primaryKey = table.primaryKey }
        guard shape.primaryKey == table.primaryKey else {
            let own =
                table.primaryKey.isEmpty
                ? "is a log without a primary key"
                : "has the primary key (\(table.primaryKey.joined(separator: ", ")))"
            throw .target(
                reason: "\(shape.name) \(own), and the rows are of the key "
                    + "(\(shape.primaryKey.joined(separator: ", ")))")
        }
        for name in shape.primaryKey where !shape.fields.contains(where: { $0.name == name }) {
            throw .target(
                reason: "\(shape.name) has the key column '\(name)', which the source lacks")
        }
        let missing = shape.fields.filter { table.field($0.name) == nil }
        if !missing.isEmpty { try alter(shape, ["add_columns": .array(missing.map(Self.column))]) }
        for field in shape.fields {
            if let there = table.field(field.name), !Self.holds(there.type, field.type) {
                try widen(shape, field)
            }
        }
        for position in shape.fields.indices
        where shape.primaryKey.contains(shape.fields[position].name) {
            shape.fields[position].isNullable = false
        }
        return shape
    }

    /// Whether a column of one type takes the values of another as they are.
    private static func holds(_ type: DataType, _ other: DataType) -> Bool {
        if type == other { return true }
        func schema(_ type: DataType) -> Schema? {
            try? Schema(validating: [Field(identifier: 1, name: "a", type: type)])
        }
        guard let source = schema(other), let target = schema(type) else { return false }
        return (try? SchemaEvolution(fromStored: source, to: target)) != nil
    }

    /// A column that is there from now on, null in the rows before.
    private static func column(_ field: Field) -> JSONValue {
        [
            "name": .string(field.name),
            "data_type": TypeJSON.encode(field.type, isNullable: true),
        ]
    }

    private func create(_ shape: TableShape) throws(IngestError) {
        _ = try done("POST", "/api/v1/databases", ["name": .string(shape.database)])
        let columns = shape.fields.map { field -> JSONValue in
            let isKey = shape.primaryKey.contains(field.name)
            return [
                "name": .string(field.name),
                "data_type": TypeJSON.encode(
                    field.type, isNullable: field.isNullable && !isKey),
            ]
        }
        var schema = [JSONMember("columns", .array(columns))]
        if !shape.primaryKey.isEmpty {
            schema.append(
                JSONMember("primary_key", .array(shape.primaryKey.map { .string($0) })))
        }
        var table = [
            JSONMember("name", .string(shape.table)), JSONMember("schema", .object(schema)),
        ]
        if let bucketCount {
            table.append(JSONMember("bucket_count", .integer(Int64(bucketCount))))
        }
        if !properties.isEmpty {
            let members = properties.map { JSONMember($0.name, .string($0.value)) }
            table.append(JSONMember("properties", .object(members)))
        }
        _ = try done("POST", Self.path(shape.database), .object(table))
    }

    /// Changes columns; what is asked for has to be looked at anew after an unknown outcome.
    func alter(_ shape: TableShape, _ changes: JSONValue) throws(IngestError) {
        _ = try done("PATCH", Self.path(shape.database, shape.table), changes)
    }

    /// Has a column hold the values of another type as well.
    func widen(_ shape: TableShape, _ field: Field) throws(IngestError) {
        try alter(shape, ["widen_columns": [Self.column(field)]])
    }

    /// Drops a table and makes it anew as it was, without its rows.
    func empty(_ database: String, _ name: String) throws(IngestError) {
        let path = Self.path(database, name)
        let answer = try ask("GET", path)
        if answer.status == 404 { return }
        guard answer.status == 200, let told = try? JSONValue(parsing: answer.body) else {
            throw .target(reason: "\(url) refuses: \(Self.detail(answer))")
        }
        let dropped = try ask("DELETE", path)
        guard dropped.status == 204 || dropped.status == 404 else {
            throw .target(reason: "\(url) refuses: \(Self.detail(dropped))")
        }
        let kept = ["name", "schema", "partition_key", "bucket_key", "bucket_count", "properties"]
        let members = (told.object ?? []).filter { kept.contains($0.name) }
        _ = try done("POST", Self.path(database), .object(members))
    }

    /// Whether a table has no row.
    func isEmpty(_ database: String, _ name: String) throws(IngestError) -> Bool {
        try rows(database, name, columns: [], limit: 1).isEmpty
    }

    /// Some rows, in no order, as objects of JSON.
    func rows(
        _ database: String, _ name: String, columns: [String], limit: Int
    ) throws(IngestError) -> [JSONValue] {
        var path = Self.path(database, name) + "/rows?format=json&limit=\(limit)"
        if !columns.isEmpty {
            path += "&columns=" + columns.map(Self.escaped).joined(separator: ",")
        }
        return try done("GET", path).array ?? []
    }
}
