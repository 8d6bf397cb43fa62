/// A message of PostgreSQL's protocol 3.0: a letter, a length that counts itself, and a body.
///
/// https://www.postgresql.org/docs/15/protocol-message-formats.html
struct PostgresMessage {
    var type: UInt8
    var body: [UInt8]

    /// What is longer is no message.
    static let byteLimit = 1 << 30

    /// A message to the server; without a type as the first one of a connection is.
    static func encode(_ type: Unicode.Scalar?, _ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        if let type { bytes.append(UInt8(ascii: type)) }
        append(Int32(body.count + 4), to: &bytes)
        return bytes + body
    }

    static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    /// What the server says went wrong.
    var failure: PostgresError {
        var code = ""
        var message = ""
        for field in body.split(separator: 0) {
            let text = String(decoding: field.dropFirst(), as: UTF8.self)
            switch field.first {
            case UInt8(ascii: "C"): code = text
            case UInt8(ascii: "M"): message = text
            default: break
            }
        }
        // Shutting down, starting up, too many connections: it may be there again soon.
        if code.hasPrefix("57P") || code == "53300" { return .connection(reason: message) }
        if code.hasPrefix("28") { return .authentication(reason: message) }
        return .refused(code: code, message: message)
    }
}

/// Reads the fields of a message; what is not there is a broken connection.
public struct PostgresFields {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { position == bytes.count }

    /// A number of the width that the caller names, the most significant byte first.
    public mutating func integer<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(PostgresError) -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - position >= size else { throw Self.cut }
        var number: Number = 0
        for byte in bytes[position..<position + size] {
            number = number << 8 | Number(truncatingIfNeeded: byte)
        }
        position += size
        return number
    }

    public mutating func bytes(_ count: Int) throws(PostgresError) -> [UInt8] {
        guard count >= 0, bytes.count - position >= count else { throw Self.cut }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// Text up to its zero.
    public mutating func text() throws(PostgresError) -> String {
        guard let end = bytes[position...].firstIndex(of: 0) else { throw Self.cut }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    /// All that is left.
    public mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return Array(bytes[position...])
    }

    private static let cut = PostgresError.connection(
        reason: "the server sends a message that is cut off")
}
