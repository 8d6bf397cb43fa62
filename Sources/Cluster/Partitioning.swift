import Columnar
import LakeTiering

/// Tells the partition of a row by the values in its partition columns.
struct Partitioning {
    private let table: TableDescription
    private let columns: [Int]
    /// Positions of the partition columns within the primary key, for deletes.
    private let withinKey: [Int]

    /// Nil for a table without partitions.
    init?(_ table: TableDescription) {
        if !table.isPartitioned { return nil }
        self.table = table
        columns = table.partitionKey
        withinKey = columns.compactMap { table.schema.primaryKey.firstIndex(of: $0) }
    }

    /// The values of the partition of a change, as text.
    func values(of change: TableWriter.Change) throws(ClusterError) -> [String] {
        switch change {
        case .append(let row), .upsert(let row), .update(let row, _):
            if row.count != table.schema.fields.count {
                throw .invalidRequest(
                    reason: "a row of \(table.name) has \(table.schema.fields.count) values")
            }
            return try values(columns.map { row[$0] })
        case .delete(let key), .deletePart(let key, _): return try values(ofKey: key)
        }
    }

    /// The values of the partition that the row of a primary key is in.
    func values(ofKey key: [Value]) throws(ClusterError) -> [String] {
        if key.count != table.schema.primaryKey.count {
            throw .invalidRequest(
                reason: "a key of \(table.name) has \(table.schema.primaryKey.count) values")
        }
        return try values(withinKey.map { key[$0] })
    }

    private func values(_ values: [Value]) throws(ClusterError) -> [String] {
        var texts: [String] = []
        for value in values {
            guard let text = Self.text(of: value) else {
                throw .invalidRequest(
                    reason: "\(value) in a partition column of \(table.path) names no partition")
            }
            texts.append(text)
        }
        return texts
    }

    /// The types that a partition column may have.
    static func accepts(_ type: DataType) -> Bool {
        switch type {
        case .string, .char, .boolean, .tinyint, .smallint, .int, .bigint: true
        default: false
        }
    }

    /// A value as it stands in a partition's name; nil if it cannot.
    private static func text(of value: Value) -> String? {
        if case .string(let text) = value, objection(to: text) != nil { return nil }
        return LakePartition.text(of: value)
    }

    /// The value that a partition's text stands for in a column of a type; nil if it is none.
    static func value(of text: String, _ type: DataType) -> Value? {
        LakePartition.value(of: text, type)
    }

    /// Why a text cannot be a partition's value; nil if it can. Fluss's rules for names, that `$`
    /// joins the values included.
    static func objection(to value: String) -> String? { TablePath.objection(to: value) }
}
