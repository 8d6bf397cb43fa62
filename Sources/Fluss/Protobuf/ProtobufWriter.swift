import Columnar

/// Writes the fields of a protobuf message.
struct ProtobufWriter {
    private var writer = ByteWriter()

    var bytes: [UInt8] { writer.bytes }

    mutating func put(varint number: UInt64, in field: Int) {
        precondition(field > 0, "fields are numbered from 1")
        writer.append(varint: UInt64(field) << 3)
        writer.append(varint: number)
    }

    mutating func put(fixed32 bits: UInt32, in field: Int) {
        precondition(field > 0, "fields are numbered from 1")
        writer.append(varint: UInt64(field) << 3 | 5)
        writer.append(littleEndian: bits)
    }

    mutating func put(fixed64 bits: UInt64, in field: Int) {
        precondition(field > 0, "fields are numbered from 1")
        writer.append(varint: UInt64(field) << 3 | 1)
        writer.append(littleEndian: bits)
    }

    mutating func put(lengthPrefixed bytes: [UInt8], in field: Int) {
        precondition(field > 0, "fields are numbered from 1")
        writer.append(varint: UInt64(field) << 3 | 2)
        writer.append(lengthPrefixed: bytes)
    }
}
