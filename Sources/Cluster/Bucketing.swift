import Columnar

/// Chooses the bucket of a row by its bucket key.
struct Bucketing {
    private let table: TableDescription
    private let keyCodec: KeyCodec
    /// Positions of the bucket key within the primary key, for deletes.
    private let withinKey: [Int]

    init(_ table: TableDescription) {
        self.table = table
        keyCodec = KeyCodec(types: table.bucketKey.map { table.schema.fields[$0].type })
        withinKey = table.bucketKey.compactMap { table.schema.primaryKey.firstIndex(of: $0) }
    }

    func bucket(of change: TableWriter.Change) throws -> Int {
        switch change {
        case .append(let row), .upsert(let row), .update(let row, _):
            if row.count != table.schema.fields.count {
                throw ClusterError.invalidRequest(
                    reason: "a row of \(table.name) has \(table.schema.fields.count) values")
            }
            return try bucket(of: table.bucketKey.map { row[$0] })
        case .delete(let key):
            if key.count != table.schema.primaryKey.count {
                throw ClusterError.invalidRequest(
                    reason: "a key of \(table.name) has \(table.schema.primaryKey.count) values")
            }
            return try bucket(of: withinKey.map { key[$0] })
        }
    }

    /// CRC-32C of the key, spread once more: its low bits alone are too regular.
    private func bucket(of values: [Value]) throws -> Int {
        let checksum = UInt64(crc32c(try keyCodec.encode(values)))
        let mixed = (checksum &* 0x9E37_79B9_7F4A_7C15) >> 33
        return Int(mixed % UInt64(table.bucketCount))
    }
}
