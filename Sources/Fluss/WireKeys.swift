import Cluster
import Columnar

/// Keys as the protocol has them: the values of a row without its null bits (CompactedKeyEncoder),
/// and without those of the partition columns, which all rows of a partition have in common.
///
/// Those bytes do not order as the keys do; the engine's must (see `KeyCodec`), so a key is decoded
/// and encoded anew.
struct WireKeys {
    private let schema: Schema
    private let key: KeyCodec
    private let partition: [Int: Value]
    /// The columns that the protocol's keys have, and those of its prefixes.
    private let columns: [Int]
    private let prefixColumns: [Int]

    /// `partition` holds the values of the partition columns, by position.
    init(_ table: TableDescription, _ partition: [Int: Value]) {
        schema = table.schema
        key = KeyCodec(primaryKeyOf: schema)
        self.partition = partition
        columns = schema.primaryKey.filter { partition[$0] == nil }
        prefixColumns = table.bucketKey
    }

    func decode(_ bytes: [UInt8]) throws(ColumnarError) -> [UInt8] {
        let values = try read(bytes, columns)
        return try key.encode(
            schema.primaryKey.map { column in
                partition[column] ?? values[columns.firstIndex(of: column)!]
            })
    }

    /// A primary key's values as the protocol has them.
    func encode(_ values: [Value]) throws(ColumnarError) -> [UInt8] {
        let keySchema = Schema(fields: columns.map { schema.fields[$0] })
        let row = try RowCodec(schema: keySchema).encode(
            columns.map { column in values[schema.primaryKey.firstIndex(of: column)!] })
        return Array(row.dropFirst(2 + (columns.count + 7) / 8))
    }

    /// A key of the engine's as the protocol has it.
    func encode(key bytes: [UInt8]) throws(ColumnarError) -> [UInt8] {
        try encode(try key.decode(bytes))
    }

    /// The front of the keys that have these values in the bucket key.
    func decode(prefix bytes: [UInt8]) throws(ColumnarError) -> [UInt8] {
        let values = try read(bytes, prefixColumns)
        var front: [Value] = []
        var usedCount = 0
        for column in schema.primaryKey {
            if let value = partition[column] {
                front.append(value)
            } else if let position = prefixColumns.firstIndex(of: column) {
                front.append(values[position])
                usedCount += 1
            } else {
                break
            }
        }
        if usedCount < prefixColumns.count {
            throw .invalidValue(
                reason: "the bucket key is not at the front of the primary key: there is no lookup "
                    + "by prefix")
        }
        return try key.encode(front)
    }

    private func read(_ bytes: [UInt8], _ columns: [Int]) throws(ColumnarError) -> [Value] {
        let keySchema = Schema(fields: columns.map { schema.fields[$0] })
        var row = ByteWriter()
        row.append(littleEndian: keySchema.identifier)
        row.append(zeros: (columns.count + 7) / 8)
        row.append(bytes)
        return try RowCodec(schema: keySchema).decode(row.bytes)
    }
}
