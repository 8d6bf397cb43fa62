import Columnar
public import LakeTiering

/// One partition of a table: the rows with these values in the partition columns, in buckets of
/// their own.
public struct PartitionDescription: Hashable, Sendable {
    /// Never used again, also not for a partition of the same values.
    public var identifier: Int64
    public var table: Int64
    /// The values of the partition columns as text, in the order of the columns.
    public var values: [String]

    public init(identifier: Int64, table: Int64, values: [String]) {
        self.identifier = identifier
        self.table = table
        self.values = values
    }

    /// Fluss's name of it: the values, joined by `$`.
    public var name: String { Self.name(of: values) }

    /// The partition as the lake knows it.
    public var tiered: LakePartition { LakePartition(identifier: identifier, values: values) }

    static func name(of values: [String]) -> String { values.joined(separator: "$") }

    /// The buckets of the partition.
    public func buckets(_ count: Int32) -> [BucketIdentifier] {
        (0..<count).map { BucketIdentifier(table: table, partition: identifier, bucket: $0) }
    }
}

extension PartitionDescription: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: identifier)
        writer.append(littleEndian: table)
        writer.append(list: values) { $0.append(string: $1) }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        identifier = try reader.readLittleEndian()
        table = try reader.readLittleEndian()
        values = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
    }
}
