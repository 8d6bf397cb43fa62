import Columnar
import JSON

/// A column of a capture and how its values are written in JSON.
struct CapturedColumn: Hashable {
    /// How a value is written, where its type leaves a choice.
    enum Encoding: Hashable {
        /// As PostgreSQL prints it, numbers and booleans bare or as text.
        case text
        /// As JSON shows it, where nothing else says what it is.
        case shown
        /// As Debezium's types say: days, or counts of a unit of time since 1970.
        case days, milliseconds, microseconds, nanoseconds
        case base64
        /// Base64 of an unscaled number, the most significant byte first; or a bare number.
        case base64Decimal(scale: Int)
        /// An object of `scale` and `value`, the latter as in `base64Decimal`; or a number.
        case variableDecimal
    }

    var name: String
    var type: DataType
    var isNullable: Bool
    var encoding = Encoding.text

    /// The value, or nil if this is none of the type. Precondition: it is not null.
    func decode(_ value: JSONValue) -> Value? {
        guard let decoded = decodeAny(value), decoded.matches(type) else { return nil }
        return decoded
    }

    private func decodeAny(_ value: JSONValue) -> Value? {
        switch encoding {
        case .text: return decodeText(value)
        case .shown:
            if type == .string, let decimal = variableDecimal(value) { return decimal }
            return decodeText(value)
        case .days:
            guard let days = value.integer else { return decodeText(value) }
            return Int32(exactly: days).map { .date($0) }
        case .milliseconds, .microseconds, .nanoseconds:
            guard let number = value.integer else { return decodeText(value) }
            return timestamp(number)
        case .base64: return value.string.flatMap(EncodedBytes.base64).map { .bytes($0) }
        case .base64Decimal(let scale):
            guard let text = value.string else { return decodeText(value) }
            return EncodedBytes.base64(text).flatMap { decimal($0, scale: scale) }
        case .variableDecimal:
            return variableDecimal(value) ?? (value.object == nil ? decodeText(value) : nil)
        }
    }

    private func timestamp(_ number: Int64) -> Value? {
        switch encoding {
        case .milliseconds:
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 1000)
            return isTooLarge ? nil : .timestamp(product)
        // Rounded down, also before 1970.
        case .nanoseconds: return .timestamp(number / 1000 - (number % 1000 < 0 ? 1 : 0))
        default: return .timestamp(number)
        }
    }

    /// Whether a value says more than the type keeps, so that two keys could become one.
    func isFinerThanType(_ value: JSONValue) -> Bool {
        switch (type, value) {
        case (.timestamp, .integer(let number)): encoding == .nanoseconds && number % 1000 != 0
        case (.timestamp, .string(let text)), (.timestampLTZ, .string(let text)):
            CalendarTime.isFinerThanMicroseconds(text)
        default: false
        }
    }

    // MARK: Decimals

    /// The bytes that a number of any size may have.
    private static let decimalByteLimit = 1000

    private func decimal(_ bytes: [UInt8], scale: Int) -> Value? {
        if bytes.isEmpty || bytes.count > Self.decimalByteLimit { return nil }
        let text = DecimalText.text(bigEndian: bytes, scale: scale)
        guard case .decimal(let precision, let ownScale) = type else { return .string(text) }
        return DecimalText.unscaled(text, precision: precision, scale: ownScale).map {
            .decimal($0)
        }
    }

    private func variableDecimal(_ value: JSONValue) -> Value? {
        guard let members = value.object, members.count == 2,
            let scale = value["scale"]?.integer, (-1000...1000).contains(scale),
            let bytes = value["value"]?.string.flatMap(EncodedBytes.base64)
        else { return nil }
        return decimal(bytes, scale: Int(scale))
    }

    // MARK: Text

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
        case .uuid: value.string.flatMap { UniqueIdentifier($0) }.map { .uuid($0) }
        case .bytes: value.string.flatMap(EncodedBytes.hexadecimal).map { .bytes($0) }
        case .date: value.string.flatMap(CalendarTime.days).map { .date($0) }
        case .timestamp, .timestampLTZ:
            value.string.flatMap {
                CalendarTime.microseconds($0, hasZone: type == .timestampLTZ(precision: 6))
            }.map { .timestamp($0) }
        case .decimal(let precision, let scale):
            number(value).flatMap {
                DecimalText.unscaled($0, precision: precision, scale: scale)
            }.map { .decimal($0) }
        default: nil
        }
    }

    private func integer(_ value: JSONValue) -> Int64? {
        switch value {
        case .integer(let number): number
        case .string(let text), .exactNumber(let text): Int64(text)
        default: nil
        }
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
        case .string(let text), .exactNumber(let text): text.utf8.count <= 400 ? text : nil
        default: nil
        }
    }
}
