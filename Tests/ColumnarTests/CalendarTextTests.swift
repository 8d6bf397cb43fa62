import Testing

@testable import Columnar

@Suite("Dates and times as text")
struct CalendarTextTests {
    @Test(
        "A date is written and read back",
        arguments: [
            (-719_528, "0000-01-01"), (-1, "1969-12-31"), (0, "1970-01-01"), (59, "1970-03-01"),
            (11_016, "2000-02-29"), (20_785, "2026-11-28"), (2_932_896, "9999-12-31"),
        ] as [(Int64, String)])
    func dates(_ days: Int64, _ text: String) {
        #expect(CalendarText.date(days) == text)
        #expect(CalendarText.days(text[...]) == days)
    }

    @Test("Each day of 400 years follows the one before it, as text too")
    func order() {
        var last = CalendarText.date(-1)
        for days in stride(from: 0 as Int64, to: 146_097, by: 1) {
            let text = CalendarText.date(days)
            #expect(last < text && CalendarText.days(text[...]) == days)
            last = text
        }
    }

    @Test("A time has no zeros at its end, so that texts order as times do")
    func times() {
        let units: [Int64] = [0, 1, 500_000, 750_000, 59_000_000, 86_399_999_999]
        let texts = units.map { CalendarText.timestamp($0, 1_000_000) }
        #expect(
            texts == [
                "1970-01-01 00:00:00", "1970-01-01 00:00:00.000001", "1970-01-01 00:00:00.5",
                "1970-01-01 00:00:00.75", "1970-01-01 00:00:59", "1970-01-01 23:59:59.999999",
            ])
        #expect(texts == texts.sorted())
        #expect(texts.map { CalendarText.units($0, 1_000_000) } == units)
        #expect(CalendarText.timestamp(-1, 1000) == "1969-12-31 23:59:59.999")
    }

    @Test(
        "The first and the last moments that 64 bits reach have texts",
        arguments: [1, 1_000_000_000])
    func edges(_ unitsPerSecond: Int64) {
        for units in [Int64.min, .min + 1, .max - 1, .max] {
            let text = CalendarText.timestamp(units, unitsPerSecond)
            if unitsPerSecond > 1 {
                let back = CalendarText.units(text, unitsPerSecond)
                #expect(back == units, "\(text)")
            }
        }
        #expect(CalendarText.units("2262-04-11 23:59:59.999999999", 1_000_000_000) == nil)
    }

    @Test(
        "What is no date or time is refused",
        arguments: [
            "", "2026", "2026-13-01", "2026-02-30", "2026-1-1", "26-01-01", "2026-01-01 24:00",
            "2026-01-01 1:00", "2026-01-01 00:00:00.", "2026-01-01 00:00:00.0000001",
            "2026-01-01x00:00", "2026-01-01 00:00:00.5.5", "२०२६-01-01",
        ])
    func nonsense(_ text: String) {
        #expect(CalendarText.units(text, 1_000_000) == nil)
    }
}
