import Platform

/// Moments as HTTP and S3 write them, in whole seconds of universal time.
enum HTTPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sat, 28 Nov 2026 23:10:00 GMT`.
    static func text(_ time: Timestamp) -> String {
        let (year, month, day, clock, weekday) = parts(time)
        return "\(days[weekday]), \(padded(day)) \(months[month - 1]) \(year) \(clock) GMT"
    }

    /// `2026-11-28T23:10:00.000Z`.
    static func timestamp(_ time: Timestamp) -> String {
        let (year, month, day, clock, _) = parts(time)
        return "\(year)-\(padded(month))-\(padded(day))T\(clock).000Z"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The date by the proleptic Gregorian calendar; the weekday counts from Monday.
    private static func parts(
        _ time: Timestamp
    ) -> (year: Int, month: Int, day: Int, clock: String, weekday: Int) {
        let seconds = max(0, time.millisecondsSinceEpoch / 1000)
        let (dayNumber, rest) = (Int(seconds / 86_400), Int(seconds % 86_400))
        // Years of 146,097 days in 400, counted from the first of March.
        let shifted = dayNumber + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let clock =
            "\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))"
        return (year, month, day, clock, (dayNumber + 3) % 7)
    }
}
