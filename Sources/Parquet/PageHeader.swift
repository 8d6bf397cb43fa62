import Columnar

/// PageHeader of parquet.thrift: stands before each page; the sizes are those of the page alone.
struct PageHeader {
    var type = PageType.data
    var plainByteCount = 0
    var byteCount = 0
    /// CRC-32 of the page as it stands in the file.
    var checksum: UInt32?
    var valueCount = 0
    var encoding = PageEncoding.plain
    /// Of a data page of version 2, whose levels stand before the values, never compressed.
    var definitionByteCount = 0
    var repetitionByteCount = 0
    var isCompressed = true

    func encode() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.int32(1, type.rawValue)
        thrift.int32(2, Int32(plainByteCount))
        thrift.int32(3, Int32(byteCount))
        if let checksum { thrift.int32(4, Int32(bitPattern: checksum)) }
        switch type {
        case .data:
            thrift.begin(5)
            thrift.int32(1, Int32(valueCount))
            thrift.int32(2, encoding)
            thrift.int32(3, PageEncoding.rle)
            thrift.int32(4, PageEncoding.rle)
            thrift.end()
        case .dictionary:
            thrift.begin(7)
            thrift.int32(1, Int32(valueCount))
            thrift.int32(2, encoding)
            thrift.end()
        case .index, .dataV2: preconditionFailure("is read, never written")
        }
        thrift.end()
        return thrift.bytes
    }

    /// Reads a header and leaves `reader` where the page begins.
    init(_ reader: inout ByteReader) throws(ColumnarError) {
        let start = reader.position
        var thrift = ThriftReader(reader)
        var last: Int16 = 0
        var isComplete = false
        var sizes: (plain: Int32, stored: Int32) = (-1, -1)
        while let field = try thrift.next(after: &last) {
            switch field.identifier {
            case 1:
                let number = try thrift.int32(field)
                guard let type = PageType(rawValue: number) else {
                    throw .unsupported(reason: "Parquet page type \(number)")
                }
                self.type = type
            case 2: sizes.plain = try thrift.int32(field)
            case 3: sizes.stored = try thrift.int32(field)
            case 4: checksum = UInt32(bitPattern: try thrift.int32(field))
            case 5, 7, 8:
                guard field.type == ThriftType.structure else {
                    try thrift.skip(field)
                    continue
                }
                try readDetail(&thrift, kind: field.identifier)
                isComplete = true
            default: try thrift.skip(field)
            }
        }
        guard sizes.plain >= 0, sizes.stored >= 0, valueCount >= 0, definitionByteCount >= 0,
            repetitionByteCount >= 0, isComplete || type == .index
        else { throw .corrupt(reason: "a Parquet page header makes no sense", position: start) }
        plainByteCount = Int(sizes.plain)
        byteCount = Int(sizes.stored)
        reader = thrift.reader
    }

    init(
        type: PageType, plainByteCount: Int, byteCount: Int, checksum: UInt32, valueCount: Int,
        encoding: Int32
    ) {
        self.type = type
        self.plainByteCount = plainByteCount
        self.byteCount = byteCount
        self.checksum = checksum
        self.valueCount = valueCount
        self.encoding = encoding
    }

    private mutating func readDetail(
        _ thrift: inout ThriftReader, kind: Int16
    ) throws(ColumnarError) {
        var last: Int16 = 0
        while let field = try thrift.next(after: &last) {
            switch (kind, field.identifier) {
            case (_, 1): valueCount = Int(try thrift.int32(field))
            case (5, 2), (7, 2), (8, 4): encoding = try thrift.int32(field)
            case (5, 3), (5, 4):
                let levels = try thrift.int32(field)
                guard levels == PageEncoding.rle || levels == 4 else {
                    throw .unsupported(reason: "Parquet levels in encoding \(levels)")
                }
            case (8, 5): definitionByteCount = Int(try thrift.int32(field))
            case (8, 6): repetitionByteCount = Int(try thrift.int32(field))
            case (8, 7): isCompressed = try thrift.boolean(field)
            default: try thrift.skip(field)
            }
        }
    }
}
