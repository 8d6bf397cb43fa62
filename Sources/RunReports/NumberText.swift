/// Numbers for people. Written by hand so that a page is the same on every machine and locale.
enum NumberText {
    /// With a thin space between thousands: `12 345`.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var result = number < 0 ? "−" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append("\u{202F}") }
            result.append(digit)
        }
        return result
    }

    /// A number and a noun that agrees with it: `1 fault`, `2 faults`.
    static func counted(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// With as many decimals, rounded half away from zero.
    static func fixed(_ value: Double, decimals: Int) -> String {
        precondition((0...6).contains(decimals), "more decimals than are read")
        guard value.isFinite, value.magnitude < 1e12 else { return value > 0 ? "∞" : "—" }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((value.magnitude * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "−" : ""
        let whole = grouped(scaled / scale)
        guard decimals > 0 else { return sign + whole }
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(sign)\(whole).\(zeros)\(fraction)"
    }

    /// With three decimals and a point, as programs read it.
    static func plain(_ value: Double) -> String {
        let scaled = value.isFinite ? Int((min(max(0, value), 1e15) * 1000).rounded()) : 0
        let fraction = String(scaled % 1000)
        return "\(scaled / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    /// About three digits that count, without decimals that say nothing.
    static func short(_ value: Double) -> String {
        let magnitude = value.magnitude
        let text =
            switch magnitude {
            case 100...: fixed(value, decimals: 0)
            case 10..<100: fixed(value, decimals: 1)
            case 0.01..<10: fixed(value, decimals: 2)
            default: fixed(value, decimals: magnitude == 0 ? 0 : 4)
            }
        guard text.contains(".") else { return text }
        var trimmed = text[...]
        while trimmed.last == "0" { trimmed.removeLast() }
        if trimmed.last == "." { trimmed.removeLast() }
        return String(trimmed)
    }

    static func bytes(_ count: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = count
        var unit = 0
        while value.magnitude >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(short(value)) \(units[unit])"
    }

    static func seconds(_ value: Double) -> String {
        let magnitude = value.magnitude
        switch magnitude {
        case 0: return "0 s"
        case 0..<0.001: return "\(short(value * 1e6)) µs"
        case 0.001..<1: return "\(short(value * 1e3)) ms"
        case 1..<120: return "\(short(value)) s"
        case 120..<3600: return "\(clock(value)) min"
        default: return "\(clock(value)) h"
        }
    }

    /// Minutes and seconds, with hours before them when there are any: `7:05`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds.magnitude < 1e12 else { return "—" }
        let whole = Int(seconds.magnitude.rounded(.down))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let sign = seconds < 0 ? "−" : ""
        let (hours, minutes) = ((whole / 3600), (whole / 60) % 60)
        let head = hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)"
        return "\(sign)\(head):\(two(whole % 60))"
    }

    /// A moment to the tenth of a second: `7:05.3`.
    static func moment(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds.magnitude < 1e12 else { return "—" }
        let tenths = Int((seconds.magnitude * 10).rounded(.down)) % 10
        return "\(clock(seconds)).\(tenths)"
    }

    static func value(_ value: Double, in unit: Chart.Unit) -> String {
        switch unit {
        case .count: large(value)
        case .perSecond: "\(large(value))/s"
        case .seconds: seconds(value)
        case .bytes: bytes(value)
        case .bytesPerSecond: "\(bytes(value))/s"
        }
    }

    private static func large(_ value: Double) -> String {
        switch value.magnitude {
        case 1e9...: "\(short(value / 1e9)) G"
        case 1e6..<1e9: "\(short(value / 1e6)) M"
        case 1e4..<1e6: "\(short(value / 1e3)) k"
        default: short(value)
        }
    }

    /// The logarithm to base 2, by squaring: enough for a scale, and the same everywhere.
    static func binaryLogarithm(_ value: Double) -> Double {
        precondition(value.isFinite && value > 0, "no logarithm")
        var result = Double(value.exponent)
        var significand = value.significand
        var bit = 0.5
        for _ in 0..<20 {
            significand *= significand
            if significand >= 2 {
                significand /= 2
                result += bit
            }
            bit /= 2
        }
        return result
    }

    /// `unionRead` as words: `Union read`.
    static func words(_ name: String) -> String {
        var result = ""
        for character in name {
            if result.isEmpty {
                result = character.uppercased()
            } else if character.isUppercase, let last = result.last, !last.isUppercase {
                result += " \(character.lowercased())"
            } else {
                result.append(character)
            }
        }
        return result
    }
}

extension Sequence<Int> {
    /// The sum, or the largest number when it is larger: a report from outside may say anything.
    var boundedSum: Int {
        reduce(0) { sum, number in
            let (result, overflows) = sum.addingReportingOverflow(number)
            return overflows ? (number < 0 ? .min : .max) : result
        }
    }
}
