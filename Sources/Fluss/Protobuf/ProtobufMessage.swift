import Columnar

/// A message of the Fluss protocol, described by a table of its fields; names and numbers are those
/// of upstream's `FlussApi.proto` (proto2).
///
/// Fields that the table lacks are skipped, so that a newer client may send more.
protocol ProtobufMessage: ProtobufCodable {
    /// The message without any field.
    init()

    /// The message on the wire.
    var encoded: [UInt8] { get }

    static var fields: [ProtobufField<Self>] { get }
}

extension ProtobufMessage {
    /// `FlussError.malformed` if the bytes are no message, or a required field is missing.
    init(reading bytes: ByteReader) throws(FlussError) {
        self.init()
        var seen: Set<Int> = []
        var reader = ProtobufReader(bytes)
        while let value = try reader.next() {
            guard let field = Self.fields.first(where: { $0.number == reader.number }) else {
                continue
            }
            seen.insert(field.number)
            try field.read(&self, value)
        }
        let missing = Self.fields.filter { $0.isRequired && !seen.contains($0.number) }
        if !missing.isEmpty {
            let names = missing.map(\.name).joined(separator: ", ")
            throw .malformed(reason: "\(Self.self) lacks \(names)")
        }
    }

    init(reading bytes: [UInt8]) throws(FlussError) { try self.init(reading: ByteReader(bytes)) }

    var encoded: [UInt8] {
        var writer = ProtobufWriter()
        for field in Self.fields { field.write(self, &writer) }
        return writer.bytes
    }

    init(_ value: ProtobufValue) throws(FlussError) {
        guard case .bytes(let reader) = value else { throw value.mismatch("a message") }
        try self.init(reading: reader)
    }

    func put(in field: Int, of writer: inout ProtobufWriter) {
        encoded.put(in: field, of: &writer)
    }
}

/// One field of a message: how it is read from the wire and written to it.
struct ProtobufField<Message>: Sendable {
    let number: Int
    let name: String
    let isRequired: Bool
    let read: @Sendable (inout Message, ProtobufValue) throws(FlussError) -> Void
    let write: @Sendable (Message, inout ProtobufWriter) -> Void

    static func required<Value: ProtobufCodable>(
        _ number: Int, _ name: String, _ path: any WritableKeyPath<Message, Value> & Sendable
    ) -> ProtobufField {
        ProtobufField(
            number: number, name: name, isRequired: true,
            read: { message, value throws(FlussError) in
                message[keyPath: path] = try Value(value)
            },
            write: { $0[keyPath: path].put(in: number, of: &$1) })
    }

    static func optional<Value: ProtobufCodable>(
        _ number: Int, _ name: String, _ path: any WritableKeyPath<Message, Value?> & Sendable
    ) -> ProtobufField {
        ProtobufField(
            number: number, name: name, isRequired: false,
            read: { message, value throws(FlussError) in
                message[keyPath: path] = try Value(value)
            },
            write: { $0[keyPath: path]?.put(in: number, of: &$1) })
    }

    static func repeated<Value: ProtobufCodable>(
        _ number: Int, _ name: String, _ path: any WritableKeyPath<Message, [Value]> & Sendable
    ) -> ProtobufField {
        ProtobufField(
            number: number, name: name, isRequired: false,
            read: { message, value throws(FlussError) in
                message[keyPath: path].append(try Value(value))
            },
            write: { for value in $0[keyPath: path] { value.put(in: number, of: &$1) } })
    }

    /// Numbers that stand packed in one field; a sender may also repeat the field.
    static func packed<Value: ProtobufInteger>(
        _ number: Int, _ name: String, _ path: any WritableKeyPath<Message, [Value]> & Sendable
    ) -> ProtobufField {
        ProtobufField(
            number: number, name: name, isRequired: false,
            read: { message, value throws(FlussError) in
                message[keyPath: path] += try value.integers().map { Value(truncatingIfNeeded: $0) }
            },
            write: { message, writer in
                var bytes = ByteWriter()
                for value in message[keyPath: path] {
                    bytes.append(varint: UInt64(bitPattern: Int64(value)))
                }
                if bytes.count > 0 { bytes.bytes.put(in: number, of: &writer) }
            })
    }
}
