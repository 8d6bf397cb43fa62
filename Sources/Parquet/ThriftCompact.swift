import Columnar

// Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md). A struct is its fields,
// then 00. A field begins with a byte: the difference to the last field's identifier (1 to 15) in
// the high half, the type in the low half; a high half of 0 means that the identifier follows as a
// zig-zag varint. Integers are zig-zag varints, strings a varint byte count and bytes. A list
// begins with a byte: its count (0 to 14) in the high half, or 15 and the count as a varint behind;
// the element type in the low half. A boolean field is its type byte alone.

enum ThriftType {
    static let stop: UInt8 = 0
    static let yes: UInt8 = 1
    static let no: UInt8 = 2
    static let byte: UInt8 = 3
    static let int16: UInt8 = 4
    static let int32: UInt8 = 5
    static let int64: UInt8 = 6
    static let double: UInt8 = 7
    static let binary: UInt8 = 8
    static let list: UInt8 = 9
    static let set: UInt8 = 10
    static let map: UInt8 = 11
    static let structure: UInt8 = 12
}

struct ThriftWriter {
    private(set) var writer = ByteWriter(capacity: 256)
    /// The last field identifier of each struct that is open.
    private var open: [Int16] = [0]

    var bytes: [UInt8] {
        precondition(open.isEmpty, "a Thrift struct was not ended")
        return writer.bytes
    }

    private mutating func field(_ identifier: Int16, _ type: UInt8) {
        let last = open[open.count - 1]
        precondition(identifier > last, "Thrift fields must ascend")
        if identifier - last <= 15 {
            writer.append(byte: UInt8(identifier - last) << 4 | type)
        } else {
            writer.append(byte: type)
            writer.append(zigZag: Int64(identifier))
        }
        open[open.count - 1] = identifier
    }

    mutating func boolean(_ identifier: Int16, _ flag: Bool) {
        field(identifier, flag ? ThriftType.yes : ThriftType.no)
    }

    mutating func int8(_ identifier: Int16, _ number: Int8) {
        field(identifier, ThriftType.byte)
        writer.append(byte: UInt8(bitPattern: number))
    }

    mutating func int16(_ identifier: Int16, _ number: Int16) {
        field(identifier, ThriftType.int16)
        writer.append(zigZag: Int64(number))
    }

    mutating func int32(_ identifier: Int16, _ number: Int32) {
        field(identifier, ThriftType.int32)
        writer.append(zigZag: Int64(number))
    }

    mutating func int64(_ identifier: Int16, _ number: Int64) {
        field(identifier, ThriftType.int64)
        writer.append(zigZag: number)
    }

    mutating func string(_ identifier: Int16, _ text: String) {
        field(identifier, ThriftType.binary)
        writer.append(string: text)
    }

    mutating func binary(_ identifier: Int16, _ bytes: [UInt8]) {
        field(identifier, ThriftType.binary)
        writer.append(lengthPrefixed: bytes)
    }

    mutating func begin(_ identifier: Int16) {
        field(identifier, ThriftType.structure)
        open.append(0)
    }

    mutating func end() {
        writer.append(byte: ThriftType.stop)
        open.removeLast()
    }

    mutating func list(_ identifier: Int16, of type: UInt8, count: Int) {
        field(identifier, ThriftType.list)
        if count < 15 {
            writer.append(byte: UInt8(count) << 4 | type)
        } else {
            writer.append(byte: 0xF0 | type)
            writer.append(varint: UInt64(count))
        }
    }

    mutating func beginElement() { open.append(0) }

    mutating func element(_ number: Int32) { writer.append(zigZag: Int64(number)) }

    mutating func element(_ text: String) { writer.append(string: text) }
}

/// Reads Thrift that nobody vouches for.
struct ThriftReader {
    private(set) var reader: ByteReader

    init(_ reader: ByteReader) { self.reader = reader }

    struct Field {
        var identifier: Int16
        var type: UInt8
    }

    /// The next field of a struct, nil at its end; `last` is the identifier before, at first 0.
    mutating func next(after last: inout Int16) throws(ColumnarError) -> Field? {
        let head = try reader.readByte()
        if head == ThriftType.stop { return nil }
        let delta = Int16(head >> 4)
        if delta == 0 {
            last = Int16(truncatingIfNeeded: try reader.readZigZag())
        } else {
            last &+= delta
        }
        return Field(identifier: last, type: head & 15)
    }

    private func fail(_ field: Field) -> ColumnarError {
        .corrupt(
            reason: "Thrift field \(field.identifier) is of type \(field.type)",
            position: reader.position)
    }

    mutating func boolean(_ field: Field) throws(ColumnarError) -> Bool {
        guard field.type == ThriftType.yes || field.type == ThriftType.no else {
            throw fail(field)
        }
        return field.type == ThriftType.yes
    }

    mutating func int8(_ field: Field) throws(ColumnarError) -> Int8 {
        guard field.type == ThriftType.byte else { throw fail(field) }
        return Int8(bitPattern: try reader.readByte())
    }

    mutating func int64(_ field: Field) throws(ColumnarError) -> Int64 {
        guard (ThriftType.int16...ThriftType.int64).contains(field.type) else {
            throw fail(field)
        }
        return try reader.readZigZag()
    }

    mutating func int32(_ field: Field) throws(ColumnarError) -> Int32 {
        guard let number = Int32(exactly: try int64(field)) else { throw fail(field) }
        return number
    }

    mutating func binary(_ field: Field) throws(ColumnarError) -> [UInt8] {
        guard field.type == ThriftType.binary else { throw fail(field) }
        return try reader.readLengthPrefixed()
    }

    mutating func string(_ field: Field) throws(ColumnarError) -> String {
        guard field.type == ThriftType.binary else { throw fail(field) }
        return try reader.readString()
    }

    /// The count of a list, whose elements are to be of this type and follow.
    mutating func list(_ field: Field, of type: UInt8) throws(ColumnarError) -> Int {
        guard field.type == ThriftType.list else { throw fail(field) }
        let (found, count) = try listHead()
        guard found == type || count == 0 else { throw fail(field) }
        return count
    }

    private mutating func listHead() throws(ColumnarError) -> (type: UInt8, count: Int) {
        let head = try reader.readByte()
        let short = Int(head >> 4)
        let count = short == 15 ? try reader.readCount() : short
        guard count <= reader.remaining else {
            throw .corrupt(reason: "a Thrift list is cut", position: reader.position)
        }
        return (head & 15, count)
    }

    mutating func strings(_ field: Field) throws(ColumnarError) -> [String] {
        var texts: [String] = []
        for _ in 0..<(try list(field, of: ThriftType.binary)) {
            texts.append(try reader.readString())
        }
        return texts
    }

    /// Moves over a field of no interest.
    mutating func skip(_ field: Field) throws(ColumnarError) {
        try skip(field.type, depth: 0, isElement: false)
    }

    private mutating func skip(
        _ type: UInt8, depth: Int, isElement: Bool
    ) throws(ColumnarError) {
        guard depth < 32 else {
            throw .corrupt(reason: "Thrift nested too deep", position: reader.position)
        }
        switch type {
        case ThriftType.yes, ThriftType.no: if isElement { try reader.skip(1) }
        case ThriftType.byte: try reader.skip(1)
        case ThriftType.int16, ThriftType.int32, ThriftType.int64: _ = try reader.readVarint()
        case ThriftType.double: try reader.skip(8)
        case ThriftType.binary: try reader.skip(try reader.readCount())
        case ThriftType.list, ThriftType.set:
            let (element, count) = try listHead()
            for _ in 0..<count { try skip(element, depth: depth + 1, isElement: true) }
        case ThriftType.map:
            let count = try reader.readCount()
            if count == 0 { return }
            let types = try reader.readByte()
            for _ in 0..<count {
                try skip(types >> 4, depth: depth + 1, isElement: true)
                try skip(types & 15, depth: depth + 1, isElement: true)
            }
        case ThriftType.structure:
            var last: Int16 = 0
            while let field = try next(after: &last) {
                try skip(field.type, depth: depth + 1, isElement: false)
            }
        default:
            throw .corrupt(reason: "no Thrift type \(type)", position: reader.position)
        }
    }
}
