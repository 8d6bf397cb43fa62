import Columnar
import JSON

/// The values that a line gives, by column.
typealias CapturedValues = [(name: String, value: JSONValue)]

/// A table of a capture: what the engine makes of it, and how its values are written.
struct CapturedTable {
    static let columnLimit = 1000
    static let tableLimit = 1000

    let definition: TableDefinition
    let columns: [CapturedColumn]
    private let positions: [String: Int]

    /// `primaryKey` names columns; without one the table is a log.
    init(
        name: String, columns: [CapturedColumn], primaryKey: [String], file: String
    ) throws(CaptureError) {
        func unusable(_ reason: String) -> CaptureError {
            .unusableTable(file: file, name: String(name.prefix(80)), reason: reason)
        }
        if !Self.isUsable(name) {
            throw unusable("a name has 1 to 200 letters, digits, '_', '-', '.' and no spaces")
        }
        guard (1...Self.columnLimit).contains(columns.count) else {
            throw unusable("\(columns.count) columns are not 1 to \(Self.columnLimit)")
        }
        var positions: [String: Int] = [:]
        for (position, column) in columns.enumerated() {
            guard (1...200).contains(column.name.utf8.count) else {
                throw unusable("the name of column \(position + 1) has not 1 to 200 bytes")
            }
            if positions.updateValue(position, forKey: column.name) != nil {
                throw unusable("two columns are named '\(column.name)'")
            }
        }
        var key: [Int] = []
        for name in primaryKey {
            guard let position = positions[name] else {
                throw unusable("its primary key names '\(name)', which is no column")
            }
            if key.contains(position) {
                throw unusable("its primary key names '\(name)' twice")
            }
            key.append(position)
        }
        let fields = columns.enumerated().map { position, column in
            Field(
                identifier: Int32(position + 1), name: column.name, type: column.type,
                isNullable: column.isNullable && !key.contains(position))
        }
        self.columns = columns
        self.positions = positions
        definition = TableDefinition(
            name: name, schema: Schema(fields: fields, primaryKey: key),
            bucketKey: key.isEmpty ? [0] : key)
    }

    private static func isUsable(_ name: String) -> Bool {
        (1...200).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || "0123456789_-.".unicodeScalars.contains($0)
            }
    }

    /// The name of a table as the capture's lines give it: without the schema where that is public.
    static func name(schema: String?, table: String) -> String {
        guard let schema, schema != "public" else { return table }
        return "\(schema).\(table)"
    }

    var isLog: Bool { !definition.isPrimaryKeyTable }

    /// A row from values by column; what is left out is taken from the old row.
    func row(
        _ values: CapturedValues, old: CapturedValues
    ) throws(Refusal) -> Row {
        var found = try decode(values)
        for position in found.indices where found[position] == nil {
            let name = columns[position].name
            guard let known = old.first(where: { $0.name == name }) else {
                throw Refusal(
                    "column '\(name)' of \(definition.name) is left out: "
                        + "capture the table with replica identity full")
            }
            found[position] = try decode(known.value, at: position)
        }
        return found.map { $0! }
    }

    /// The primary key from values by column; nil if they lack a part of it.
    func key(_ values: CapturedValues) throws(Refusal) -> [Value]? {
        let keyPositions = definition.schema.primaryKey
        var found: [Value?] = keyPositions.map { _ in nil }
        for (name, value) in values {
            guard let position = positions[name],
                let place = keyPositions.firstIndex(of: position)
            else { continue }
            found[place] = try decode(value, at: position)
        }
        return found.contains(nil) ? nil : found.map { $0! }
    }

    private func decode(
        _ values: CapturedValues
    ) throws(Refusal) -> [Value?] {
        var found = [Value?](repeating: nil, count: columns.count)
        for (name, value) in values {
            guard let position = positions[name] else {
                throw Refusal("\(definition.name) has no column '\(name.prefix(80))'")
            }
            found[position] = try decode(value, at: position)
        }
        return found
    }

    private func decode(_ value: JSONValue, at position: Int) throws(Refusal) -> Value {
        let field = definition.schema.fields[position]
        if value.isNull {
            if field.isNullable { return .null }
            throw Refusal("column '\(field.name)' of \(definition.name) is null")
        }
        guard let decoded = columns[position].decode(value) else {
            let text = value.string ?? value.compact
            throw Refusal(
                "column '\(field.name)' of \(definition.name) holds '\(text.prefix(40))', "
                    + "which is no \(field.type)")
        }
        precondition(decoded.matches(field.type), "a decoded value of another type")
        return decoded
    }
}
