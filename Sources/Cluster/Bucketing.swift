import Columnar

/// Chooses the bucket of a row by its bucket key, as Fluss's clients do: by the hash of the key's
/// values in the bytes of `RowCodec`, without what stands before them.
struct Bucketing {
    private let table: TableDescription
    private let keyCodec: RowCodec
    /// The bytes before the values: the schema's identifier and the null bits.
    private let headerByteCount: Int
    /// Positions of the bucket key within the primary key, for deletes.
    private let withinKey: [Int]

    init(_ table: TableDescription) {
        self.table = table
        var fields = table.bucketKey.map { table.schema.fields[$0] }
        // Null chooses no bucket, also where the column may hold it.
        for position in fields.indices { fields[position].isNullable = false }
        keyCodec = RowCodec(schema: Schema(fields: fields))
        headerByteCount = 2 + (fields.count + 7) / 8
        withinKey = table.bucketKey.compactMap { table.schema.primaryKey.firstIndex(of: $0) }
    }

    /// The bucket of a change; nil where the table has no bucket key, and any bucket will do.
    func bucket(of change: TableWriter.Change) throws -> Int? {
        switch change {
        case .append(let row), .upsert(let row), .update(let row, _):
            if row.count != table.schema.fields.count {
                throw ClusterError.invalidRequest(
                    reason: "a row of \(table.name) has \(table.schema.fields.count) values")
            }
            if table.bucketKeyFields.isEmpty { return nil }
            return try bucket(of: table.bucketKey.map { row[$0] })
        case .delete(let key), .deletePart(let key, _): return try bucket(ofKey: key)
        }
    }

    /// The bucket of the row with a primary key.
    func bucket(ofKey key: [Value]) throws -> Int {
        if key.count != table.schema.primaryKey.count || withinKey.isEmpty {
            throw ClusterError.invalidRequest(
                reason: "a key of \(table.name) has \(table.schema.primaryKey.count) values")
        }
        return try bucket(of: withinKey.map { key[$0] })
    }

    /// The bucket of all rows whose primary keys begin with some values; nil if these values do not
    /// tell it.
    func bucket(ofPrefix prefix: [Value]) throws -> Int? {
        if withinKey.isEmpty || !withinKey.allSatisfy(prefix.indices.contains) { return nil }
        return try bucket(of: withinKey.map { prefix[$0] })
    }

    private func bucket(of values: [Value]) throws -> Int {
        let key = try keyCodec.encode(values)[headerByteCount...]
        return Int(BucketHash.bucket(of: key, count: table.bucketCount))
    }
}
