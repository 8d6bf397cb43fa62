public import Columnar
import Iceberg

/// One change to a table that is there, as `ALTER TABLE` says it.
public enum TableChange: Hashable, Sendable {
    /// Adds a column that rows written before show as null, after the last.
    case addColumn(name: String, type: DataType)
    case dropColumn(name: String)
    case renameColumn(name: String, to: String)
    /// Changes a type to one that holds more, as `SchemaEvolution` allows it.
    case widenColumn(name: String, type: DataType)
    /// Puts a column after another, or first.
    case moveColumn(name: String, after: String?)
    /// Nil takes the property away.
    case setProperty(name: String, value: String?)
}

extension TableChange {
    /// Whether a table has the property as this sets it; true of what is no property.
    func isSet(in table: TableDescription) -> Bool {
        guard case .setProperty(let name, let value) = self else { return true }
        return table.properties.value(name) == value
    }
}

extension TableDescription {
    /// The table after some changes, under the next schema if a column is among them.
    ///
    /// Throws `.invalidRequest` if one is not allowed: then none is made.
    public func applying(_ changes: [TableChange]) throws(ClusterError) -> TableDescription {
        var table = self
        var fields = schema.fields
        var highest = schema.highestFieldIdentifier
        var changesColumns = false
        for change in changes {
            if case .setProperty(let name, let value) = change {
                try table.setProperty(name, value)
                continue
            }
            changesColumns = true
            try table.apply(change, to: &fields, &highest)
        }
        if changesColumns { try table.adopt(fields, highest) }
        try table.check()
        return table
    }

    private func refused(_ reason: String) -> ClusterError {
        .invalidRequest(reason: "table \(path): \(reason)")
    }

    private mutating func setProperty(_ name: String, _ value: String?) throws(ClusterError) {
        let isOurs = name.hasPrefix("table.") || name.hasPrefix("fields.")
        let changeable: [TableProperty] = [
            .compression, .precreatedPartitions, .retainedPartitions,
        ]
        let isChangeable = changeable.contains { $0.rawValue == name }
        if isOurs && !isChangeable { throw refused("\(name) stays as it was at creation") }
        try properties.set(name, to: value)
    }

    private mutating func apply(
        _ change: TableChange, to fields: inout [Field], _ highest: inout Int32
    ) throws(ClusterError) {
        switch change {
        case .addColumn(let name, let type):
            highest += 1
            fields.append(Field(identifier: highest, name: name, type: type))
        case .dropColumn(let name):
            let position = try position(of: name, in: fields)
            if isNeeded(fields[position]) { throw refused("column \(name) cannot be dropped") }
            fields.remove(at: position)
        case .renameColumn(let name, let newName):
            let position = try position(of: name, in: fields)
            if isInLake && partitionFields.contains(fields[position].identifier) {
                // Iceberg takes no other column of a name that a partition field has.
                throw refused(
                    "column \(name) gives the lake's partitions their name, and keeps it")
            }
            fields[position].name = newName
            try properties.rename(column: name, to: newName)
        case .widenColumn(let name, let type):
            let position = try position(of: name, in: fields)
            if isNeeded(fields[position]) {
                throw refused("the type of column \(name) cannot be changed")
            }
            fields[position].type = type.keepingIdentifiers(of: fields[position].type)
        case .moveColumn(let name, let predecessor):
            let field = fields.remove(at: try position(of: name, in: fields))
            let target: Int
            if let predecessor {
                target = try position(of: predecessor, in: fields) + 1
            } else {
                target = 0
            }
            fields.insert(field, at: target)
        case .setProperty: preconditionFailure("a property is no column")
        }
    }

    /// Whether keys, vectors or merging go by a column.
    private func isNeeded(_ field: Field) -> Bool {
        schema.primaryKey.contains { schema.fields[$0].identifier == field.identifier }
            || bucketKeyFields.contains(field.identifier) || vectorField == field.identifier
            || partitionFields.contains(field.identifier)
            || autoIncrementField == field.identifier
            || properties.names(column: field.name)
    }

    private func position(of name: String, in fields: [Field]) throws(ClusterError) -> Int {
        guard let position = fields.firstIndex(where: { $0.name == name }) else {
            throw refused("there is no column \(name)")
        }
        return position
    }

    private mutating func adopt(_ fields: [Field], _ highest: Int32) throws(ClusterError) {
        if isInLake, let flaw = IcebergSchema.flaw(from: schema.fields, to: fields) {
            throw refused("the lake's columns cannot follow: \(flaw)")
        }
        let key = schema.primaryKey.map { schema.fields[$0].identifier }
        do {
            guard schema.identifier < .max else {
                throw ColumnarError.invalidValue(reason: "there are no schema identifiers left")
            }
            let next = try Schema(
                validating: fields, identifier: schema.identifier + 1,
                primaryKey: key.compactMap { identifier in
                    fields.firstIndex { $0.identifier == identifier }
                }, highestFieldIdentifier: highest)
            try schemas.append(next)
        } catch { throw refused("\(error)") }
    }
}

extension TableChange: WireCodable {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .addColumn(let name, let type):
            writer.append(byte: 0)
            writer.append(string: name)
            type.encode(into: &writer)
        case .dropColumn(let name):
            writer.append(byte: 1)
            writer.append(string: name)
        case .renameColumn(let name, let newName):
            writer.append(byte: 2)
            writer.append(string: name)
            writer.append(string: newName)
        case .widenColumn(let name, let type):
            writer.append(byte: 3)
            writer.append(string: name)
            type.encode(into: &writer)
        case .moveColumn(let name, let predecessor):
            writer.append(byte: 4)
            writer.append(string: name)
            writer.append(optional: predecessor) { $0.append(string: $1) }
        case .setProperty(let name, let value):
            writer.append(byte: 5)
            writer.append(string: name)
            writer.append(optional: value) { $0.append(string: $1) }
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        let text = { (reader: inout ByteReader) throws(ColumnarError) -> String in
            try reader.readString()
        }
        switch try reader.readByte() {
        case 0:
            self = .addColumn(name: try reader.readString(), type: try DataType(from: &reader))
        case 1: self = .dropColumn(name: try reader.readString())
        case 2: self = .renameColumn(name: try reader.readString(), to: try reader.readString())
        case 3:
            self = .widenColumn(name: try reader.readString(), type: try DataType(from: &reader))
        case 4:
            self = .moveColumn(
                name: try reader.readString(), after: try reader.readOptional(text))
        case 5:
            self = .setProperty(
                name: try reader.readString(), value: try reader.readOptional(text))
        case let code: throw .corrupt(reason: "no table change \(code)", position: position)
        }
    }
}
