public import Columnar
public import KeyValue
import Vectors

/// What a table's creator chose, under Fluss's names: `table.merge-engine` ...
///
/// Every value is checked when the properties are made, so reading one never fails. Names that do
/// not begin with `table.` are the creator's own and kept as they are.
public struct TableProperties: Hashable, Sendable {
    /// One property as it was given.
    public struct Entry: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    /// By name, in order.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// Throws `.invalidRequest` for an unknown name or a value that the name does not take.
    public init(_ values: [(String, String)]) throws(ClusterError) {
        for (name, value) in values { try set(name, to: value) }
    }

    /// The names that the engine knows, what each says, and a value that it takes.
    public static var known: [(name: String, meaning: String, example: String)] {
        TableProperty.allCases.map { ($0.rawValue, $0.meaning, $0.example) }
    }

    static let entryCountLimit = 1000
    private static let textByteCountLimit = 4096

    /// The value of a property, nil where it was not given.
    public func value(_ name: String) -> String? {
        entries.first { $0.name == name }?.value
    }

    /// Sets a property; nil takes it away.
    public mutating func set(_ name: String, to value: String?) throws(ClusterError) {
        guard let value else {
            entries.removeAll { $0.name == name }
            return
        }
        if name.isEmpty || name.utf8.count + value.utf8.count > Self.textByteCountLimit {
            throw .invalidRequest(
                reason: "a property needs a name and at most \(Self.textByteCountLimit) bytes")
        }
        if name.hasPrefix("table.") {
            guard let known = TableProperty(rawValue: name) else {
                let names = TableProperty.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidRequest(reason: "there is no property \(name), only \(names)")
            }
            if let expected = known.objection(to: value) {
                throw .invalidRequest(reason: "\(name) is \(value), but has to be \(expected)")
            }
        }
        if let position = entries.firstIndex(where: { $0.name == name }) {
            entries[position].value = value
        } else if entries.count >= Self.entryCountLimit {
            throw .invalidRequest(reason: "more than \(Self.entryCountLimit) properties")
        } else {
            let position = entries.firstIndex { name < $0.name } ?? entries.count
            entries.insert(Entry(name: name, value: value), at: position)
        }
    }

    subscript(_ property: TableProperty) -> String? { value(property.rawValue) }

    // MARK: What they say

    /// Whether the table is committed to the lake.
    public var isInLake: Bool {
        get { self[.lakeEnabled] != "false" }
        set {
            entries.removeAll { $0.name == TableProperty.lakeEnabled.rawValue }
            if newValue { return }
            do { try set(TableProperty.lakeEnabled.rawValue, to: "false") } catch {
                preconditionFailure("false is a boolean: \(error)")
            }
        }
    }

    /// What a deletion does; as the merge engine has it where the table does not say.
    public var deleteBehavior: DeleteBehavior? {
        switch self[.deleteBehavior]?.lowercased() {
        case "allow": .allow
        case "ignore": .ignore
        case "disable": .disable
        default: nil
        }
    }

    /// Whether updates are logged with the row before (`FULL`) or without (`WAL`).
    public var logsOldRows: Bool { self[.changelogImage]?.uppercased() != "WAL" }

    /// The positions in a schema of the columns that batches have statistics of.
    func statisticsColumns(_ schema: Schema) -> [Int] {
        guard let names = statisticsNames else { return [] }
        if names == ["*"] { return Array(schema.fields.indices) }
        return names.compactMap { schema.position(of: $0) }
    }

    private var statisticsNames: [String]? {
        self[.statisticsColumns]?.split(separator: ",").map { part in
            String(part.drop { $0 == " " })
        }
    }

    /// How partitions come and go by themselves; nil where they do not.
    var automaticPartitions: AutomaticPartitions? {
        guard self[.autoPartition] == "true" else { return nil }
        return AutomaticPartitions(
            column: self[.autoPartitionKey],
            unit: PartitionTime(rawValue: self[.autoPartitionUnit]?.uppercased() ?? "") ?? .day,
            precreatedCount: self[.precreatedPartitions].flatMap { Int($0) } ?? 2,
            retainedCount: self[.retainedPartitions].flatMap { Int($0) } ?? 7)
    }

    /// The values of a property that may have several, without the spaces around them.
    func list(_ property: TableProperty) -> [String] { self[property].map(Self.list) ?? [] }

    static func list(_ value: String) -> [String] {
        value.split(separator: ",").map { part in
            let start = part.drop { $0 == " " }
            return String(String(start.reversed().drop { $0 == " " }).reversed())
        }.filter { !$0.isEmpty }
    }

    /// The value for the indexed column of that number: one may be for all.
    private func value(_ property: TableProperty, ofVectorColumn number: Int) -> String? {
        let values = list(property)
        return values.count == 1
            ? values[0] : values.indices.contains(number) ? values[number] : nil
    }

    /// How far vectors of the indexed column of that number are apart.
    func vectorDistance(_ number: Int) -> VectorDistance {
        let name = value(.vectorDistance, ofVectorColumn: number)?.lowercased()
        return VectorDistance.allCases.first { $0.propertyName == name } ?? .cosine
    }

    /// How the index of that column keeps them.
    func vectorQuantization(_ number: Int) -> VectorQuantization {
        value(.vectorQuantization, ofVectorColumn: number)
            .flatMap { VectorQuantization(rawValue: $0.lowercased()) } ?? .none
    }

    /// How the Arrow buffers of batches are compressed.
    public var compression: Compression {
        switch self[.compression]?.uppercased() {
        case "LZ4_FRAME": .lz4Frame
        case "ZSTD": .zstd
        default: .none
        }
    }

    /// How rows of one key become one row; `.invalidRequest` if the schema does not have what the
    /// properties name.
    public func mergeEngine(_ schema: Schema) throws(ClusterError) -> MergeEngine {
        switch self[.mergeEngine]?.lowercased() {
        case nil: return .lastRow
        case "first_row": return .firstRow
        case "versioned":
            guard let name = self[.versionColumn], let column = schema.position(of: name) else {
                throw .invalidRequest(
                    reason: "\(TableProperty.versionColumn.rawValue) has to name a column")
            }
            return .versioned(column: column)
        default: return .aggregate(try functions(schema))
        }
    }

    private func functions(_ schema: Schema) throws(ClusterError) -> [Int: AggregateFunction] {
        var functions: [Int: AggregateFunction] = [:]
        for (position, field) in schema.fields.enumerated() {
            let name = "fields.\(field.name).agg"
            guard let text = value(name) else { continue }
            let delimiter = value("fields.\(field.name).listagg-delimiter") ?? ","
            guard let function = AggregateFunction(name: text, delimiter: delimiter) else {
                throw .invalidRequest(reason: "\(name) names no aggregate function: \(text)")
            }
            functions[position] = function
        }
        return functions
    }

    /// Whether a property speaks of a column.
    func names(column: String) -> Bool {
        self[.versionColumn] == column || self[.autoPartitionKey] == column
            || list(.vectorColumn).contains(column)
            || list(.vectorFilterColumns).contains(column)
            || statisticsNames?.contains(column) == true
            || value("fields.\(column).agg") != nil
    }

    /// Renames a column in the properties that speak of it.
    mutating func rename(column: String, to name: String) throws(ClusterError) {
        if self[.versionColumn] == column {
            try set(TableProperty.versionColumn.rawValue, to: name)
        }
        if self[.autoPartitionKey] == column {
            try set(TableProperty.autoPartitionKey.rawValue, to: name)
        }
        for property in [TableProperty.vectorColumn, .vectorFilterColumns] {
            let names = list(property)
            if !names.contains(column) { continue }
            try set(
                property.rawValue,
                to: names.map { $0 == column ? name : $0 }.joined(separator: ", "))
        }
        if let names = statisticsNames, names.contains(column) {
            try set(
                TableProperty.statisticsColumns.rawValue,
                to: names.map { $0 == column ? name : $0 }.joined(separator: ","))
        }
        for suffix in ["agg", "listagg-delimiter"] {
            guard let value = value("fields.\(column).\(suffix)") else { continue }
            try set("fields.\(column).\(suffix)", to: nil)
            try set("fields.\(name).\(suffix)", to: value)
        }
    }
}
