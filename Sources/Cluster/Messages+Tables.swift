import Columnar
import KeyValue

extension ByteWriter {
    mutating func append(columns: [Int32]?) {
        append(optional: columns) { writer, columns in
            writer.append(list: columns) { $0.append(littleEndian: $1) }
        }
    }
}

extension ByteReader {
    mutating func readColumns() throws(ColumnarError) -> [Int32]? {
        try readOptional { (reader) throws(ColumnarError) in
            try reader.readList { (reader) throws(ColumnarError) in
                try reader.readLittleEndian(Int32.self)
            }
        }
    }
}

extension Request {
    /// What a call about databases, tables and partitions says.
    func encodeTableBody(_ version: Int16, into writer: inout ByteWriter) {
        switch self {
        case .createTable(let table): table.encode(into: &writer)
        case .alterTable(let path, let schema, let changes):
            writer.append(path)
            writer.append(littleEndian: schema)
            writer.append(list: changes) { $1.encode(into: &$0) }
        case .createDatabase(let database): database.encode(into: &writer)
        case .dropDatabase(let name, let created, let isCascading):
            writer.append(string: name)
            writer.append(byte: isCascading ? 1 : 0)
            if version >= 1 { writer.append(optional: created) { $0.append(littleEndian: $1) } }
        case .dropTable(let table): writer.append(littleEndian: table)
        case .createPartition(let table, let values):
            writer.append(littleEndian: table)
            writer.append(list: values) { $0.append(string: $1) }
        case .dropPartition(let table, let partition):
            writer.append(littleEndian: table)
            writer.append(littleEndian: partition)
        case .reassign(let bucket, let replicas):
            writer.append(bucket)
            writer.append(list: replicas) { $0.append(string: $1) }
        case .rebalance(let goals):
            writer.append(list: goals) { $0.append(littleEndian: $1.rawValue) }
        case .cancelRebalance(let identifier):
            writer.append(optional: identifier) { $0.append(littleEndian: $1) }
        default: preconditionFailure("\(key) is about no table")
        }
    }

    static func tableBody(
        _ key: APIKey, _ version: Int16, _ reader: inout ByteReader
    ) throws(ColumnarError) -> Request {
        switch key {
        case .createTable: return .createTable(try TableDescription(from: &reader))
        case .alterTable:
            return .alterTable(
                try reader.readPath(), schema: try reader.readLittleEndian(),
                try reader.readList { (reader) throws(ColumnarError) in
                    try TableChange(from: &reader)
                })
        case .createDatabase: return .createDatabase(try DatabaseDescription(from: &reader))
        case .dropDatabase:
            let name = try reader.readString()
            let isCascading = try reader.readByte() != 0
            let created: Int64? =
                version < 1
                ? nil
                : try reader.readOptional { (reader) throws(ColumnarError) in
                    try reader.readLittleEndian()
                }
            return .dropDatabase(name, created: created, isCascading: isCascading)
        case .dropTable: return .dropTable(try reader.readLittleEndian())
        case .createPartition:
            return .createPartition(
                table: try reader.readLittleEndian(),
                values: try reader.readList { (reader) throws(ColumnarError) in
                    try reader.readString()
                })
        case .dropPartition:
            return .dropPartition(
                table: try reader.readLittleEndian(), partition: try reader.readLittleEndian())
        case .reassignBucket:
            return .reassign(
                try reader.readBucket(),
                replicas: try reader.readList { (reader) throws(ColumnarError) in
                    try reader.readString()
                })
        case .rebalance:
            return .rebalance(
                try reader.readList { (reader) throws(ColumnarError) in
                    try Rebalance.Goal(reading: &reader)
                })
        case .cancelRebalance:
            return .cancelRebalance(
                try reader.readOptional { (reader) throws(ColumnarError) in
                    try reader.readLittleEndian(Int64.self)
                })
        default: preconditionFailure("\(key) is about no table")
        }
    }
}

extension RowScanRequest: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(bucket)
        writer.append(optional: scan) { $0.append(littleEndian: $1) }
        writer.append(lengthPrefixed: prefix)
        writer.append(optional: after) { $0.append(lengthPrefixed: $1) }
        writer.append(zigZag: Int64(limit))
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        bucket = try reader.readBucket()
        scan = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readLittleEndian(Int64.self)
        }
        prefix = try reader.readLengthPrefixed()
        after = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readLengthPrefixed()
        }
        limit = try reader.readNumber()
    }
}

extension ScanPage: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(rows.keys)
        writer.append(rows.values)
        writer.append(littleEndian: offset)
        writer.append(byte: isLast ? 1 : 0)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        let keys = try reader.readByteStrings()
        let values = try reader.readByteStrings()
        guard let rows = StoredRows(keys: keys, values: values) else {
            throw .corrupt(reason: "keys and rows differ in number", position: position)
        }
        self.rows = rows
        offset = try reader.readLittleEndian()
        isLast = try reader.readByte() != 0
    }
}
