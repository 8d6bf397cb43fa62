import Columnar
import JSON

/// A column of a capture and how its values are written in JSON.
struct CapturedColumn {
    /// How a value is written, where its type leaves a choice.
    enum Encoding: Hashable {
        /// As PostgreSQL prints it, numbers and booleans bare or as text.
        case text
        /// As Debezium's types say: days, or counts of a unit of time since 1970.
        case days, milliseconds, microseconds, nanoseconds
        case base64
        /// Base64 of an unscaled number, the most significant byte first.
        case base64Decimal(scale: Int)
        /// An object of `scale` and `value`, the latter as in `base64Decimal`.
        case variableDecimal
    }

    var name: String
    var type: DataType
    var isNullable: Bool
    var encoding = Encoding.text

    /// The value, or nil if this is none of the type. Precondition: it is not null.
    func decode(_ value: JSONValue) -> Value? {
        switch encoding {
        case .text: decodeText(value)
        case .days: value.integer.flatMap { Int32(exactly: $0) }.map { .date($0) }
        case .milliseconds: value.integer.flatMap { Self.scaled($0, by: 1000) }
        case .microseconds: value.integer.map { .timestamp($0) }
        // Rounded down, also before 1970.
        case .nanoseconds:
            value.integer.map { .timestamp(($0 - (($0 % 1000) + 1000) % 1000) / 1000) }
        case .base64: value.string.flatMap(EncodedBytes.base64).map { .bytes($0) }
        case .base64Decimal(let scale):
            value.string.flatMap(EncodedBytes.base64).flatMap { decimal($0, scale: scale) }
        case .variableDecimal:
            if let scale = value["scale"]?.integer, (-1000...1000).contains(scale),
                let bytes = value["value"]?.string.flatMap(EncodedBytes.base64)
            {
                decimal(bytes, scale: Int(scale))
            } else {
                nil
            }
        }
    }

    private static func scaled(_ number: Int64, by factor: Int64) -> Value? {
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        return isTooLarge ? nil : .timestamp(product)
    }

    /// The digits that a number of any size may have.
    private static let decimalByteLimit = 1000

    private func decimal(_ bytes: [UInt8], scale: Int) -> Value? {
        if bytes.isEmpty || bytes.count > Self.decimalByteLimit { return nil }
        let text = DecimalText.text(bigEndian: bytes, scale: scale)
        guard case .decimal(let precision, let ownScale) = type else { return .string(text) }
        return DecimalText.unscaled(text, precision: precision, scale: ownScale).map {
            .decimal(Int128($0))
        }
    }

    private func decodeText(_ value: JSONValue) -> Value? {
        switch type {
        case .boolean:
            switch value {
            case .bool(let flag): .boolean(flag)
            case .string("t"), .string("true"): .boolean(true)
            case .string("f"), .string("false"): .boolean(false)
            default: nil
            }
        case .int: integer(value).flatMap { Int32(exactly: $0) }.map { .int($0) }
        case .bigint: integer(value).map { .bigint($0) }
        case .float: floating(value, Float.init).map { .float($0) }
        case .double: floating(value, Double.init).map { .double($0) }
        case .string: .string(value.string ?? value.compact)
        case .bytes: value.string.flatMap(EncodedBytes.hexadecimal).map { .bytes($0) }
        case .date: value.string.flatMap(CalendarTime.days).map { .date($0) }
        case .timestamp, .timestampLTZ:
            value.string.flatMap {
                CalendarTime.microseconds($0, hasZone: type == .timestampLTZ(precision: 6))
            }.map { .timestamp($0) }
        case .decimal(let precision, let scale):
            number(value).flatMap {
                DecimalText.unscaled($0, precision: precision, scale: scale)
            }.map { .decimal(Int128($0)) }
        default: nil
        }
    }

    private func integer(_ value: JSONValue) -> Int64? {
        value.integer ?? value.string.flatMap { Int64($0) }
    }

    /// A number that is not too large, or one of the three that JSON does not know.
    private func floating<Number: BinaryFloatingPoint>(
        _ value: JSONValue, _ parse: (String) -> Number?
    ) -> Number? {
        switch value {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        default: break
        }
        guard let text = number(value),
            text.utf8.allSatisfy({ Self.numberBytes.contains($0) }), let number = parse(text),
            number.isFinite
        else { return nil }
        return number
    }

    private static let numberBytes = Array("0123456789+-.eE".utf8)

    /// The text of a number.
    private func number(_ value: JSONValue) -> String? {
        switch value {
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .string(let text): text.utf8.count <= 400 ? text : nil
        default: nil
        }
    }
}
