import Columnar

/// What can stand in a field.
protocol ProtobufCodable: SendableMetatype {
    init(_ value: ProtobufValue) throws(FlussError)
    func put(in field: Int, of writer: inout ProtobufWriter)
}

/// An int32 or int64: a varint of 64 bits; as protobuf says, the upper bits of a longer one than
/// was declared are dropped.
protocol ProtobufInteger: ProtobufCodable, FixedWidthInteger, SignedInteger {}

extension ProtobufInteger {
    init(_ value: ProtobufValue) throws(FlussError) {
        self.init(truncatingIfNeeded: try value.integer())
    }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        writer.put(varint: UInt64(bitPattern: Int64(self)), in: field)
    }
}

extension Int32: ProtobufInteger {}
extension Int64: ProtobufInteger {}

extension Bool: ProtobufCodable {
    init(_ value: ProtobufValue) throws(FlussError) { self = try value.integer() != 0 }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        writer.put(varint: self ? 1 : 0, in: field)
    }
}

extension Float: ProtobufCodable {
    init(_ value: ProtobufValue) throws(FlussError) {
        guard case .fixed32(let bits) = value else { throw value.mismatch("a float") }
        self.init(bitPattern: bits)
    }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        writer.put(fixed32: bitPattern, in: field)
    }
}

extension Double: ProtobufCodable {
    init(_ value: ProtobufValue) throws(FlussError) {
        guard case .fixed64(let bits) = value else { throw value.mismatch("a double") }
        self.init(bitPattern: bits)
    }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        writer.put(fixed64: bitPattern, in: field)
    }
}

extension String: ProtobufCodable {
    init(_ value: ProtobufValue) throws(FlussError) {
        guard case .bytes(var reader) = value else { throw value.mismatch("a string") }
        do { self = try reader.readString(byteCount: reader.remaining) } catch {
            throw .malformed(reason: "\(error)")
        }
    }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        Array(utf8).put(in: field, of: &writer)
    }
}

extension [UInt8]: ProtobufCodable {
    init(_ value: ProtobufValue) throws(FlussError) {
        guard case .bytes(var reader) = value else { throw value.mismatch("bytes") }
        do { self = try reader.readBytes(reader.remaining) } catch {
            throw .malformed(reason: "\(error)")
        }
    }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        writer.put(lengthPrefixed: self, in: field)
    }
}
