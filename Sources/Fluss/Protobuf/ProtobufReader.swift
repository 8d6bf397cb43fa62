import Columnar

/// The value of one field as the wire has it, before anybody knows its declared type.
enum ProtobufValue {
    /// Wire type 0: all integers and booleans.
    case varint(UInt64)
    /// Wire type 1.
    case fixed64(UInt64)
    /// Wire type 2: text, bytes, messages inside, packed numbers.
    case bytes(ByteReader)
    /// Wire type 5.
    case fixed32(UInt32)
}

/// Reads the fields of a protobuf message, out of bytes that nobody vouches for.
///
/// Groups (wire types 3 and 4) are refused: proto2 has deprecated them, and Fluss has none.
/// Source: protobuf.dev, "Encoding".
struct ProtobufReader {
    private var reader: ByteReader
    private(set) var number = 0

    init(_ reader: ByteReader) { self.reader = reader }

    /// The next field's value, the field's number in `number`; nil at the end of the message.
    mutating func next() throws(FlussError) -> ProtobufValue? {
        if reader.isAtEnd { return nil }
        do throws(ColumnarError) {
            let tag = try reader.readVarint()
            guard let field = Int(exactly: tag >> 3), field > 0, field < 1 << 29 else {
                throw .corrupt(reason: "field number \(tag >> 3)", position: reader.position)
            }
            number = field
            switch tag & 7 {
            case 0: return .varint(try reader.readVarint())
            case 1: return .fixed64(try reader.readLittleEndian())
            case 2:
                let count = try reader.readCount()
                return .bytes(try reader.subreader(count))
            case 5: return .fixed32(try reader.readLittleEndian())
            default:
                throw .corrupt(reason: "wire type \(tag & 7)", position: reader.position)
            }
        } catch {
            throw .malformed(reason: "\(error)")
        }
    }
}

extension ProtobufValue {
    func mismatch(_ type: String) -> FlussError {
        .malformed(reason: "a field that should be \(type) has another wire type")
    }

    func integer() throws(FlussError) -> Int64 {
        guard case .varint(let bits) = self else { throw mismatch("an integer") }
        return Int64(bitPattern: bits)
    }

    /// One number, or as many as are packed here.
    func integers() throws(FlussError) -> [Int64] {
        guard case .bytes(var reader) = self else { return [try integer()] }
        var numbers: [Int64] = []
        do throws(ColumnarError) {
            while !reader.isAtEnd { numbers.append(Int64(bitPattern: try reader.readVarint())) }
        } catch {
            throw .malformed(reason: "\(error)")
        }
        return numbers
    }
}
