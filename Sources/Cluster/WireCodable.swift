import Columnar

/// Has a binary form, in messages and in the coordination service: little endian, in field order.
protocol WireCodable {
    func encode(into writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws(ColumnarError)
}

extension ByteWriter {
    mutating func append<Element>(
        list: [Element], _ encode: (inout ByteWriter, Element) -> Void
    ) {
        append(varint: UInt64(list.count))
        for element in list { encode(&self, element) }
    }

    mutating func append<Value>(
        optional value: Value?, _ encode: (inout ByteWriter, Value) -> Void
    ) {
        append(byte: value == nil ? 0 : 1)
        if let value { encode(&self, value) }
    }

    mutating func append(_ strings: ByteStrings) {
        append(varint: UInt64(strings.count))
        for string in strings {
            append(varint: UInt64(string.count))
            append(string)
        }
    }

    mutating func append(_ path: TablePath) {
        append(string: path.database)
        append(string: path.table)
    }

    mutating func append(_ bucket: BucketIdentifier) {
        append(littleEndian: bucket.table)
        append(optional: bucket.partition) { $0.append(littleEndian: $1) }
        append(littleEndian: bucket.bucket)
    }

    /// Appends a bucket in as few bytes as its numbers take; a partition comes last, raised by one,
    /// and 0 stands for none.
    mutating func append(short bucket: BucketIdentifier) {
        append(zigZag: bucket.table)
        append(zigZag: Int64(bucket.bucket))
        append(zigZag: bucket.partition.map { $0 + 1 } ?? 0)
    }
}

extension ByteReader {
    mutating func readList<Element>(
        _ decode: (inout ByteReader) throws(ColumnarError) -> Element
    ) throws(ColumnarError) -> [Element] {
        // A count is not believed before its elements are there: an element may be far larger
        // than the bytes that it is read from.
        let count = try readCount()
        var elements: [Element] = []
        elements.reserveCapacity(min(count, 1024))
        for _ in 0..<count { elements.append(try decode(&self)) }
        return elements
    }

    mutating func readByteStrings() throws(ColumnarError) -> ByteStrings {
        var strings = ByteStrings()
        for _ in 0..<(try readCount()) {
            strings.append(try readSlice(try readCount()))
        }
        return strings
    }

    mutating func readOptional<Value>(
        _ decode: (inout ByteReader) throws(ColumnarError) -> Value
    ) throws(ColumnarError) -> Value? {
        try readByte() == 0 ? nil : try decode(&self)
    }

    mutating func readPath() throws(ColumnarError) -> TablePath {
        TablePath(database: try readString(), table: try readString())
    }

    mutating func readBucket() throws(ColumnarError) -> BucketIdentifier {
        BucketIdentifier(
            table: try readLittleEndian(),
            partition: try readOptional { (reader) throws(ColumnarError) in
                try reader.readLittleEndian()
            }, bucket: try readLittleEndian())
    }

    mutating func readShortBucket() throws(ColumnarError) -> BucketIdentifier {
        let table = try readZigZag()
        let bucket = try readInt32()
        let start = position
        let partition = try readZigZag()
        guard partition > .min else {
            throw .corrupt(reason: "partition \(partition)", position: start)
        }
        return BucketIdentifier(
            table: table, partition: partition == 0 ? nil : partition - 1, bucket: bucket)
    }

    /// A number of 32 bits that was written short.
    mutating func readInt32() throws(ColumnarError) -> Int32 {
        let start = position
        guard let number = Int32(exactly: try readZigZag()) else {
            throw .corrupt(reason: "a number over 32 bits", position: start)
        }
        return number
    }

    mutating func readNumber() throws(ColumnarError) -> Int { Int(try readZigZag()) }
}
