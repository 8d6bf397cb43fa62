import Avro
public import Columnar
import JSON

/// The partition of a file: a spec of its table, and the values of the spec's fields.
public struct PartitionKey: Hashable, Sendable {
    public var specIdentifier: Int32
    /// The record of the values, in the order of the spec's fields.
    var values: AvroValue

    init(specIdentifier: Int32, values: AvroValue) {
        self.specIdentifier = specIdentifier
        self.values = values
    }

    /// The partition of some values by a spec of identity fields.
    ///
    /// `IcebergError.unsupported` for a value that partitions no file here: those that do are
    /// text, booleans and whole numbers.
    public init(specIdentifier: Int32, identity: [Value]) throws(IcebergError) {
        var record: [AvroValue] = []
        for value in identity {
            switch value {
            case .string(let text): record.append(.string(text))
            case .boolean(let flag): record.append(.boolean(flag))
            case .tinyint(let number): record.append(.int(Int32(number)))
            case .smallint(let number): record.append(.int(Int32(number)))
            case .int(let number): record.append(.int(number))
            case .bigint(let number): record.append(.long(number))
            default: throw .unsupported(reason: "a partition of the value \(value)")
            }
        }
        self.init(specIdentifier: specIdentifier, values: .record(record))
    }
}

extension DataFile {
    /// The partition that its manifest says; nil of an unpartitioned spec.
    public var partitionKey: PartitionKey? {
        get { specIdentifier.map { PartitionKey(specIdentifier: $0, values: partition) } }
        set {
            specIdentifier = newValue?.specIdentifier
            partition = newValue?.values ?? .record([])
        }
    }
}

/// A column whose value the partition of a file says, and where in its record.
struct IdentityField {
    var place: Int
    var column: Field
}

extension DataFile {
    func values(of fields: [IdentityField]) -> [Int32: Value] {
        guard let record = partition.record else { return [:] }
        var found: [Int32: Value] = [:]
        for field in fields where field.place < record.count {
            found[field.column.identifier] = Value(
                partitionValue: record[field.place], of: field.column.type)
        }
        return found
    }
}

extension ManifestHeader {
    /// Of files of a spec of identity fields, in a table's current schema; nil if the table has no
    /// such spec, or a column of it is of a type that partitions no file here.
    init?(of metadata: TableMetadata, spec identifier: Int32) {
        guard let fields = metadata.partitionFields(identifier)?.array else { return nil }
        var types: [AvroField] = []
        for field in fields {
            guard let name = field["name"]?.string, let number = field["field-id"]?.integer,
                let source = field["source-id"]?.integer, field["transform"]?.string == "identity",
                let column = metadata.schema.columns.fields.first(where: {
                    Int64($0.identifier) == source
                }), let type = column.type.partitionType
            else { return nil }
            types.append(AvroField(name.avroName, .optional(type), Int32(clamping: number)))
        }
        self.init(of: metadata)
        specIdentifier = identifier
        partitionSpec = JSONValue.array(fields).compact
        partitionType = .record(name: "r102", fields: types)
    }

    /// What the partition of a file says of columns, by their ids: the values that all of its rows
    /// have. Fields of other transforms than identity say nothing here.
    public func identityValues(of file: DataFile, in schema: Schema) -> [Int32: Value] {
        file.values(of: identityFields(in: schema))
    }

    /// The columns whose values the partitions of its files say, and where in their records.
    func identityFields(in schema: Schema) -> [IdentityField] {
        guard case .record(_, let types) = partitionType, !types.isEmpty,
            let spec = try? JSONValue(parsing: Array(partitionSpec.utf8))
        else { return [] }
        var found: [IdentityField] = []
        for field in spec.array ?? [] where field["transform"]?.string == "identity" {
            guard let source = field["source-id"]?.integer, let number = field["field-id"]?.integer,
                let place = types.firstIndex(where: { $0.identifier.map(Int64.init) == number }),
                let column = schema.fields.first(where: { Int64($0.identifier) == source })
            else { continue }
            found.append(IdentityField(place: place, column: column))
        }
        return found
    }

    /// What the partition values of some files lie between, field by field; empty where that cannot
    /// be said.
    func summaries(of files: [DataFile]) -> [ManifestFile.PartitionSummary] {
        guard case .record(_, let types) = partitionType, !types.isEmpty else { return [] }
        var summaries: [ManifestFile.PartitionSummary] = []
        for place in types.indices {
            var summary = ManifestFile.PartitionSummary(containsNull: false)
            var (least, greatest): (AvroValue?, AvroValue?)
            for file in files {
                guard let record = file.partition.record, place < record.count else { return [] }
                if record[place].isNull {
                    summary.containsNull = true
                    continue
                }
                guard record[place].singleValue != nil else { return [] }
                if least.map({ record[place].isBelow($0) }) ?? true { least = record[place] }
                if greatest.map({ $0.isBelow(record[place]) }) ?? true { greatest = record[place] }
            }
            (summary.lower, summary.upper) = (least?.singleValue, greatest?.singleValue)
            summaries.append(summary)
        }
        return summaries
    }
}

extension AvroValue {
    /// In Iceberg's single-value encoding; nil of types that partition no file here.
    fileprivate var singleValue: [UInt8]? {
        var writer = ByteWriter()
        switch self {
        case .boolean(let flag): writer.append(byte: flag ? 1 : 0)
        case .int(let number): writer.append(littleEndian: number)
        case .long(let number): writer.append(littleEndian: number)
        case .string(let text): writer.append(Array(text.utf8))
        default: return nil
        }
        return writer.bytes
    }

    /// Precondition: both have a single value, of one type.
    fileprivate func isBelow(_ other: AvroValue) -> Bool {
        switch (self, other) {
        case (.boolean(let left), .boolean(let right)): !left && right
        case (.string(let left), .string(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8)
        default: (integer ?? 0) < (other.integer ?? 0)
        }
    }
}

extension Value {
    /// The value of a column that an identity field has; nil of types that partition no file here.
    fileprivate init?(partitionValue: AvroValue, of type: DataType) {
        switch (partitionValue, type) {
        case (.null, _): self = .null
        case (.string(let text), .string), (.string(let text), .char): self = .string(text)
        case (.boolean(let flag), .boolean): self = .boolean(flag)
        case (.int, .tinyint), (.int, .smallint), (.int, .int), (.int, .bigint), (.long, .bigint):
            guard let number = partitionValue.integer else { return nil }
            let value = Value(integer: number, of: type)
            guard value.matches(type) else { return nil }
            self = value
        default: return nil
        }
    }
}

extension DataType {
    /// The type of a partition value in a manifest; nil of types that partition no file here.
    fileprivate var partitionType: AvroSchema? {
        switch self {
        case .string, .char: .string
        case .boolean: .boolean
        case .tinyint, .smallint, .int: .int
        case .bigint: .long
        default: nil
        }
    }
}

extension String {
    /// A name that Avro takes: others have `_x` and a hexadecimal number for a character that it
    /// does not, as Iceberg's own library writes them.
    fileprivate var avroName: String {
        var name = ""
        for (position, scalar) in unicodeScalars.enumerated() {
            let isLetter =
                scalar.isASCII && (scalar.properties.isAlphabetic || scalar == "_")
            let isDigit = scalar.isASCII && ("0"..."9").contains(scalar)
            if isLetter || isDigit && position > 0 {
                name.unicodeScalars.append(scalar)
            } else if isDigit {
                name += "_\(scalar)"
            } else {
                name += "_x" + String(scalar.value, radix: 16, uppercase: true)
            }
        }
        return name
    }
}

extension TableMetadata {
    /// The spec whose fields are the values of some columns, by their ids; nil if there is none.
    public func partitionSpec(by columns: [Int32]) -> Int32? {
        for spec in list("partition-specs") {
            let fields = spec["fields"]?.array ?? []
            guard fields.count == columns.count,
                zip(fields, columns).allSatisfy({
                    $0["transform"]?.string == "identity" && $0["source-id"]?.integer == Int64($1)
                }), let identifier = spec["spec-id"]?.integer
            else { continue }
            return Int32(clamping: identifier)
        }
        return nil
    }

    /// How many partition specs it has, or has had.
    public var partitionSpecCount: Int { list("partition-specs").count }

    /// The fields of a spec by the values of some columns, the first of which gets the id `first`.
    ///
    /// Precondition: the schema has the columns.
    static func identityFields(
        _ columns: [Int32], of schema: IcebergSchema, first: Int64
    ) -> JSONValue {
        .array(
            columns.enumerated().map { position, identifier in
                let column = schema.columns.fields.first { $0.identifier == identifier }
                guard let column else { preconditionFailure("a partition column is no column") }
                return [
                    "source-id": .integer(Int64(identifier)),
                    "field-id": .integer(first + Int64(position)), "name": .string(column.name),
                    "transform": "identity",
                ]
            })
    }

    /// Updates by which new files are partitioned by the values of some columns.
    public func partitioning(by columns: [Int32]) -> [TableUpdate] {
        let identifier =
            (list("partition-specs").compactMap { $0["spec-id"]?.integer }.max() ?? -1) + 1
        let first = (number("last-partition-id") ?? 999) + 1
        return [
            .addPartitionSpec([
                "spec-id": .integer(identifier),
                "fields": Self.identityFields(columns, of: schema, first: first),
            ]), .setDefaultPartitionSpec(Int32(clamping: identifier)),
        ]
    }
}
