/// How busy each hour is, beside the mean of the week.
enum WeekCurve {
    /// Percent of the day's mean for each hour: least at four, most at twenty, eight times as much.
    static let hours = [
        51, 35, 28, 24, 22, 26, 41, 66, 92, 111, 124, 129, 129, 122, 120,
        121, 125, 135, 149, 167, 179, 172, 136, 96,
    ]
    /// Percent of the week's mean, from Monday.
    static let days = [106, 102, 99, 97, 92, 96, 108]

    static let second: Int64 = 1_000_000
    static let hour = 3600 * second

    /// Parts per ten thousand of the mean at a time, in microseconds since 1970; a straight line
    /// from one hour to the next. A time before that counts as one of the same week's shape.
    static func factor(at time: Int64) -> Int {
        let week = 168 * hour
        let time = (time % week + week) % week
        let hourNumber = Int(time / hour)
        let within = Int(time % hour / second)
        func value(_ number: Int) -> Int {
            // 1 January 1970 was a Thursday.
            hours[number % 24] * days[(number / 24 + 3) % 7]
        }
        return (value(hourNumber) * (3600 - within) + value(hourNumber + 1) * within) / 3600
    }
}
