/// Why a single value was refused; the reader adds the place.
struct ScalarProblem: Error {
    var message: String
}

/// The units that a number can stand with, and what each is worth.
struct Units {
    var noun: String
    var example: String
    var factors: [(name: String, factor: Int64)]

    static let time = Units(
        noun: "a duration", example: "10m, 90s or 250ms",
        factors: [
            ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
            ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ])

    static let bytes = Units(
        noun: "a byte count", example: "512B, 64KiB or 1MiB",
        factors: [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)])

    /// Reads a number and a unit, and counts in the smallest unit, exactly or not at all.
    func parse(_ text: String) throws(ScalarProblem) -> Int64 {
        let isNegative = text.hasPrefix("-")
        let body = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let number = body.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
        let unit = body.dropFirst(number.count).drop { $0 == " " }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        let isNumber = parts.count <= 2 && parts.allSatisfy { !$0.isEmpty }
        if isNumber, unit.isEmpty {
            if number == "0" { return 0 }
            throw ScalarProblem(
                message: "'\(text)' has no unit; write \(noun) as in \(example)")
        }
        guard isNumber, unit.allSatisfy({ $0.isLetter }) else {
            throw ScalarProblem(message: "'\(text)' is not \(noun); write it as in \(example)")
        }
        guard let factor = factors.first(where: { $0.name == unit })?.factor else {
            let names = factors.map(\.name)
            let hint = suggestionText(for: String(unit), among: names)
            throw ScalarProblem(
                message: "'\(unit)' in '\(text)' is not a unit of \(noun)\(hint)"
                    + (hint.isEmpty ? "; the units are \(names.joined(separator: ", "))" : ""))
        }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let digits = Int64(parts[0] + fraction), fraction.utf8.count <= 15 else {
            throw ScalarProblem.tooLarge(text)
        }
        let scale = fraction.utf8.reduce(Int128(1)) { scale, _ in scale * 10 }
        let (count, rest) = (Int128(digits) * Int128(factor)).quotientAndRemainder(
            dividingBy: scale)
        guard rest == 0 else {
            throw ScalarProblem(message: "'\(text)' is no whole number of \(factors[0].name)")
        }
        guard let count = Int64(exactly: count) else { throw ScalarProblem.tooLarge(text) }
        return isNegative ? -count : count
    }

    /// Short for people, and yet `parse` gives the same value back: in the largest unit that
    /// divides the value, or with decimals where that would take many digits.
    func write(_ value: Int64) -> String {
        let dividing = factors.last { value.magnitude >= $0.factor && value % $0.factor == 0 }
        guard let dividing else { return "0" }
        let decimal = factors.last { unit in
            value.magnitude >= unit.factor && Self.isPowerOfTen(unit.factor)
        }
        guard let decimal, value.magnitude / UInt64(dividing.factor) >= 10_000 else {
            return "\(value / dividing.factor)\(dividing.name)"
        }
        let (whole, rest) = value.magnitude.quotientAndRemainder(
            dividingBy: UInt64(decimal.factor))
        // The factor's zeros are the places; one more digit in front keeps the leading ones.
        var places = String(UInt64(decimal.factor) + rest).dropFirst()
        while places.last == "0" { places.removeLast() }
        let fraction = places.isEmpty ? "" : ".\(places)"
        return "\(value < 0 ? "-" : "")\(whole)\(fraction)\(decimal.name)"
    }

    private static func isPowerOfTen(_ number: Int64) -> Bool {
        var number = number
        while number % 10 == 0 { number /= 10 }
        return number == 1
    }
}

extension ScalarProblem {
    static func tooLarge(_ text: String) -> ScalarProblem {
        ScalarProblem(message: "'\(text)' is larger than can be counted")
    }
}

extension Duration {
    /// Whole nanoseconds; parts of one are dropped.
    var wholeNanoseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }

    /// Reads what a scenario file writes, such as `90s`; nil for anything else.
    public init?(shortText: String) {
        guard let nanoseconds = try? Units.time.parse(shortText) else { return nil }
        self = .nanoseconds(nanoseconds)
    }

    /// As a scenario file writes it: `90s`, `250ms`, `10m`.
    public var shortText: String { Units.time.write(wholeNanoseconds) }
}

/// Reads `2%`, `0.5%` or `12ppm` as parts per million.
func parsePartsPerMillion(_ text: String) throws(ScalarProblem) -> Int {
    if text.hasSuffix("ppm"), let parts = parseDecimal(text.dropLast(3), places: 0) {
        return parts
    }
    guard text.hasSuffix("%") else {
        let hint = parseDecimal(text[...], places: 4) == nil ? "" : " has no unit and"
        throw ScalarProblem(
            message: "'\(text)'\(hint) is not a share; write it as in 2%, 0.5% or 120ppm")
    }
    guard let parts = parseDecimal(text.dropLast(), places: 4) else {
        throw ScalarProblem(
            message: "'\(text)' is not a share; write it as in 2% or 0.5% (four decimals at most)")
    }
    return parts
}

/// Writes what `parsePartsPerMillion` gives back: percents where they have two digits or more.
func shareText(_ partsPerMillion: Int) -> String {
    if partsPerMillion > 0 && partsPerMillion < 1000 { return "\(partsPerMillion)ppm" }
    let (whole, rest) = partsPerMillion.quotientAndRemainder(dividingBy: 10_000)
    if rest == 0 { return "\(whole)%" }
    var places = String(10_000 + rest).dropFirst()
    while places.last == "0" { places.removeLast() }
    return "\(whole).\(places)%"
}

/// Reads a decimal exactly as a multiple of 10 to the minus `places`.
func parseDecimal(_ text: Substring, places: Int) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, !whole.isEmpty, whole.utf8.count <= 12 else { return nil }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard fraction.utf8.count <= places, parts.count == 1 || !fraction.isEmpty else { return nil }
    let padding = String(repeating: "0", count: places - fraction.utf8.count)
    let digits = whole + fraction + padding
    guard digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
    else { return nil }
    return Int(digits)
}

/// Reads `200/s`.
func parseRate(_ text: String) throws(ScalarProblem) -> EventRate {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let periods: [(name: String, period: Duration)] = [
        ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
    ]
    let form = "write a rate as in 200/s, 30/m or 5/h"
    guard parts.count == 2, let count = parseDecimal(parts[0], places: 0) else {
        throw ScalarProblem(message: "'\(text)' is not a rate; \(form)")
    }
    guard let period = periods.first(where: { $0.name == parts[1] })?.period else {
        throw ScalarProblem(message: "'/\(parts[1])' in '\(text)' is not a unit of rate; \(form)")
    }
    return EventRate(count, per: period)
}

/// Reads `80/20`.
func parseSkew(_ text: String) throws(ScalarProblem) -> Skew {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let events = parseDecimal(parts[0], places: 0),
        let keys = parseDecimal(parts[1], places: 0), (1...100).contains(events),
        (1...100).contains(keys), events >= keys
    else {
        throw ScalarProblem(
            message: "'\(text)' is not a skew; 80/20 sends 80 of 100 events to 20 of 100 keys, "
                + "50/50 is even")
    }
    return Skew(eventPercent: events, keyPercent: keys)
}

/// Reads `1x` or `0.5x` in thousandths.
func parseSpeed(_ text: String) throws(ScalarProblem) -> Int {
    guard text.hasSuffix("x"), let speed = parseDecimal(text.dropLast(), places: 3), speed > 0
    else {
        throw ScalarProblem(message: "'\(text)' is not a speed; write it as in 1x, 10x or 0.5x")
    }
    return speed
}
