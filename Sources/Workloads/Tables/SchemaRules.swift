public import Columnar

/// How a row that was written under one schema reads under another, by the rules of Iceberg and
/// Fluss: what models and oracles hold the engine against.
///
/// Written from the rules and not from `SchemaEvolution`: columns are told apart by identifiers at
/// every level of nesting, whatever they are called and wherever they stand; one that the writer
/// did not have is null, one that the reader does not have is gone; a number that a wider type
/// holds is the same number.
public enum SchemaRules {
    /// Precondition: the row is of the writer's schema, and types were only widened.
    public static func row(_ row: Row, from writer: Schema, to reader: Schema) -> Row {
        if writer.fields == reader.fields { return row }
        return values(row, writer.fields, reader.fields)
    }

    private static func values(
        _ values: [Value], _ written: [Field], _ wanted: [Field]
    ) -> [Value] {
        var byIdentifier: [Int32: (value: Value, type: DataType)] = [:]
        for (field, value) in zip(written, values) {
            byIdentifier[field.identifier] = (value, field.type)
        }
        return wanted.map { field in
            guard let found = byIdentifier[field.identifier] else { return .null }
            return value(found.value, from: found.type, to: field.type)
        }
    }

    /// A value of one type as one of a type that holds more.
    public static func value(_ value: Value, from old: DataType, to new: DataType) -> Value {
        if old == new { return value }
        switch (value, old, new) {
        case (.float(let number), _, .double): return .double(Double(number))
        case (.array(let elements), .array(let old), .array(let new)):
            return .array(elements.map { self.value($0, from: old.element, to: new.element) })
        case (.map(let entries), .map(let old), .map(let new)):
            return .map(
                entries.map {
                    MapEntry($0.key, self.value($0.value, from: old.value, to: new.value))
                })
        case (.row(let values), .row(let old), .row(let new)):
            return .row(self.values(values, old.fields, new.fields))
        case (.tinyint(let number), _, _): return integer(Int64(number), new)
        case (.smallint(let number), _, _): return integer(Int64(number), new)
        case (.int(let number), _, _): return integer(Int64(number), new)
        default: return value
        }
    }

    private static func integer(_ number: Int64, _ type: DataType) -> Value {
        switch type {
        case .tinyint: .tinyint(Int8(number))
        case .smallint: .smallint(Int16(number))
        case .int: .int(Int32(number))
        case .bigint: .bigint(number)
        default: preconditionFailure("a whole number was widened to \(type)")
        }
    }
}
