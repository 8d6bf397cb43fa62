public import Columnar

/// A partition of a table whose rows go to the lake.
public struct LakePartition: Hashable, Sendable {
    /// Never used again, also not for a partition of the same values.
    public var identifier: Int64
    /// The values of the partition columns as text, in the order of the columns.
    public var values: [String]

    public init(identifier: Int64, values: [String]) {
        self.identifier = identifier
        self.values = values
    }

    /// Fluss's name of it: the values, joined by `$`.
    public var name: String { values.joined(separator: "$") }

    // MARK: Text

    /// Partitions as they stand in a lake table's properties: `7=2026$eu,9=2027$eu`.
    static func format(_ partitions: [LakePartition]) -> String {
        partitions.map { "\($0.identifier)=\($0.name)" }.joined(separator: ",")
    }

    /// Reads what `format` wrote; nil if it is anything else.
    static func parse(_ text: String) -> [LakePartition]? {
        var found: [LakePartition] = []
        if text.isEmpty { return found }
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = entry.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let identifier = Int64(parts[0]),
                identifier > found.last?.identifier ?? -1
            else { return nil }
            let values = parts[1].split(separator: "$", omittingEmptySubsequences: false)
            found.append(LakePartition(identifier: identifier, values: values.map(String.init)))
        }
        return found
    }

    // MARK: Values

    /// A value as it stands in a partition's name; nil of types that choose no partition.
    public static func text(of value: Value) -> String? {
        switch value {
        case .string(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        case .tinyint(let number): "\(number)"
        case .smallint(let number): "\(number)"
        case .int(let number): "\(number)"
        case .bigint(let number): "\(number)"
        default: nil
        }
    }

    /// The value that a partition's text stands for in a column of a type; nil if it is none.
    public static func value(of text: String, _ type: DataType) -> Value? {
        switch type {
        case .string, .char: .string(text)
        case .boolean: text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
        case .tinyint: Int8(text).map(Value.tinyint)
        case .smallint: Int16(text).map(Value.smallint)
        case .int: Int32(text).map(Value.int)
        case .bigint: Int64(text).map(Value.bigint)
        default: nil
        }
    }
}

extension TieredTable {
    /// The values that all rows of a partition have, by column id; nil if its texts are none.
    public func values(of partition: LakePartition) -> [Int32: Value]? {
        guard partition.values.count == partitionFields.count else { return nil }
        var values: [Int32: Value] = [:]
        for (identifier, text) in zip(partitionFields, partition.values) {
            guard let field = schema.fields.first(where: { $0.identifier == identifier }),
                let value = LakePartition.value(of: text, field.type)
            else { return nil }
            values[identifier] = value
        }
        return values
    }
}

/// Tells of which partition rows and files are, by the values of the partition columns.
public struct PartitionFinder: Sendable {
    private let fields: [Int32]
    private let byValues: [[String]: Int64]

    /// `partitions` are those of one moment, no two of the same values.
    public init(_ table: TieredTable, _ partitions: [LakePartition]) {
        fields = table.partitionFields
        byValues = Dictionary(partitions.map { ($0.values, $0.identifier) }) { _, later in later }
    }

    /// What a file's partition says of it.
    public enum Place: Hashable, Sendable {
        /// All its rows are of a partition; of none that is known if nil.
        case partition(Int64?)
        /// Its rows have to be looked at.
        case mixed
    }

    /// Where the rows of a file are whose partition says some values, by column id.
    public func place(_ values: [Int32: Value]) -> Place {
        var texts: [String] = []
        for field in fields {
            guard let value = values[field] else { return .mixed }
            guard let text = LakePartition.text(of: value) else { return .partition(nil) }
            texts.append(text)
        }
        return .partition(byValues[texts])
    }

    /// The partition of a row; nil if it is of none that is known. Precondition: the batch has the
    /// partition columns.
    public func partition(_ batch: RecordBatch, _ row: Int) -> Int64? {
        var texts: [String] = []
        for field in fields {
            let column = batch.schema.fields.firstIndex { $0.identifier == field }
            guard let column else { preconditionFailure("a partition column is not read") }
            guard let text = LakePartition.text(of: batch.value(row: row, column: column)) else {
                return nil
            }
            texts.append(text)
        }
        return byValues[texts]
    }
}
