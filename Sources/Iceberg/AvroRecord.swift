import Avro

/// A decoded record whose fields are found by Iceberg's ids, as names differ between writers.
struct AvroRecord {
    private let values: [AvroValue]
    private let fields: [AvroField]

    init(_ value: AvroValue, _ schema: AvroSchema) throws {
        guard case .record(_, let fields) = schema, let values = value.record,
            values.count == fields.count
        else { throw AvroError.mismatch(path: "record", expected: "a record") }
        self.values = values
        self.fields = fields
    }

    func value(_ identifier: Int32) -> AvroValue? {
        fields.firstIndex { $0.identifier == identifier }.map { values[$0] }
    }

    func integer(_ identifier: Int32) throws -> Int64 {
        guard let number = value(identifier)?.integer else { throw missing(identifier) }
        return number
    }

    func optionalInteger(_ identifier: Int32) throws -> Int64? { value(identifier)?.integer }

    func string(_ identifier: Int32) throws -> String {
        guard let string = value(identifier)?.string else { throw missing(identifier) }
        return string
    }

    func record(_ identifier: Int32) throws -> AvroRecord {
        guard let position = fields.firstIndex(where: { $0.identifier == identifier }) else {
            throw missing(identifier)
        }
        return try AvroRecord(values[position], fields[position].schema)
    }

    /// The records of a list that may be missing.
    func records(_ identifier: Int32) throws -> [AvroRecord] {
        guard let position = fields.firstIndex(where: { $0.identifier == identifier }),
            let list = values[position].array
        else { return [] }
        var schema = fields[position].schema
        if case .union(let branches) = schema {
            schema = branches.first { $0 != .null } ?? .null
        }
        guard case .array(let element, _, _) = schema else { throw missing(identifier) }
        return try list.map { try AvroRecord($0, element) }
    }

    private func missing(_ identifier: Int32) -> AvroError {
        .mismatch(path: "field \(identifier)", expected: "there")
    }
}
