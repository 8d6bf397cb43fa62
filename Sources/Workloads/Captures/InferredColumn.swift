public import Columnar
public import JSON

/// Finds the type of a column from the values that JSON shows of it.
public struct InferredColumn {
    private enum Kind: Hashable {
        case truth, whole, fraction, text
    }

    public let name: String
    private var kinds: Set<Kind> = []
    /// Whether a double holds each of the numbers as it is written.
    private var fitsDouble = true
    /// How many values there are that are not null.
    public private(set) var count = 0

    public init(_ name: String) { self.name = name }

    /// Takes in a value.
    public mutating func note(_ value: JSONValue) {
        if !value.isNull { count += 1 }
        switch value {
        case .null: break
        case .bool: kinds.insert(.truth)
        case .integer(let number):
            kinds.insert(.whole)
            if number.magnitude > 1 << 53 { fitsDouble = false }
        case .exactNumber(let text):
            kinds.insert(.fraction)
            if !Self.fitsDouble(text) { fitsDouble = false }
        case .number, .string, .array, .object: kinds.insert(.text)
        }
    }

    var column: CapturedColumn {
        CapturedColumn(name: name, type: type, isNullable: true, encoding: .shown)
    }

    /// Of values of more than one type, and of numbers that a double would round, text.
    public var type: DataType {
        if kinds == [.truth] {
            .boolean
        } else if kinds == [.whole] {
            .bigint
        } else if !kinds.isEmpty, kinds.isSubset(of: [.whole, .fraction]), fitsDouble {
            .double
        } else {
            .string
        }
    }

    /// Whether the shortest text of the double has the digits that are written.
    private static func fitsDouble(_ text: String) -> Bool {
        guard let number = Double(text), number.isFinite else { return false }
        return digits(text) == digits("\(number)")
    }

    /// The digits of a number from the first to the last that is not zero.
    private static func digits(_ text: String) -> [UInt8] {
        let mantissa = text.utf8.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
        let digits = mantissa.filter { $0 >= 48 && $0 <= 57 }.drop { $0 == 48 }
        return Array(digits.reversed().drop { $0 == 48 }.reversed())
    }
}
