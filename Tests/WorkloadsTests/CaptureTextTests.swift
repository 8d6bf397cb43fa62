import Columnar
import Testing

@testable import Workloads

@Suite("Dates, decimals and bytes in text")
struct CaptureTextTests {
    @Test(
        "Dates are days since 1970",
        arguments: [
            ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11016), ("2024-03-01", 19783),
            ("0001-01-01", -719_162), ("0001-12-31 BC", -719_163), ("0001-02-29 BC", -719_469),
            ("9999-12-31", 2_932_896), ("294276-12-31", 106_762_939), ("4714-11-24 BC", -2_440_588),
        ])
    func dates(text: String, days: Int32) { #expect(CalendarTime.days(text) == days) }

    @Test(
        "What is no date is none",
        arguments: [
            "", "infinity", "1900-02-29", "2023-02-29", "2024-00-01", "2024-13-01", "2024-01-00",
            "2024-01-32", "24-01-01", "2024-1-1", "2024-01-01x", "0000-01-01 BC", "2024-01-01 AD",
            "-2024-01-01", "9999999-01-01",
        ])
    func noDates(text: String) { #expect(CalendarTime.days(text) == nil) }

    @Test(
        "Times are microseconds since 1970, in their zone",
        arguments: [
            ("1970-01-01 00:00:00+00", 0), ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01 05:30:00+05:30", 0), ("1969-12-31 16:00:00-08", 0),
            ("1970-01-01 00:53:28+00:53:28", 0), ("1970-01-01 00:00:00.000001+00", 1),
            ("1969-12-31 23:59:59.9+00", -100_000), ("1970-01-01T00:00:00.123456789Z", 123_456),
            ("1970-01-01 01:00:00+0100", 0),
        ])
    func times(text: String, microseconds: Int64) {
        #expect(CalendarTime.microseconds(text, hasZone: true) == microseconds)
    }

    @Test(
        "What is no time with a zone is none",
        arguments: [
            "1970-01-01 00:00:00", "1970-01-01 24:00:00+00", "1970-01-01 00:60:00+00",
            "1970-01-01 00:00:00.+00", "1970-01-01 00:00:00+0", "1970-01-01 00:00:00+00:",
            "1970-01-01 00:00:00+16", "1970-01-01 00:00:00+05:60", "infinity", "1970-01-01",
            "1970-01-01 00:00:00.1234567890+00",
        ])
    func noTimes(text: String) { #expect(CalendarTime.microseconds(text, hasZone: true) == nil) }

    @Test("Times too far away for 64 bits are none, those at the edge are exact")
    func edge() {
        let last = CalendarTime.microseconds("294247-01-10 04:00:54.775807", hasZone: false)
        #expect(last == .max)
        #expect(CalendarTime.microseconds("294247-01-10 04:00:54.775808", hasZone: false) == nil)
        #expect(CalendarTime.microseconds("999999-01-01 00:00:00", hasZone: false) == nil)
    }

    @Test(
        "Decimals are exact or none",
        arguments: [
            ("0", 0), ("1", 100), ("-1.5", -150), ("12.34", 1234), ("12.340", 1234), (".5", 50),
            ("5.", 500), ("-0.01", -1), ("99999999.99", 9_999_999_999), ("100000000", nil),
            ("0.001", nil), ("", nil), ("-", nil), (".", nil), ("1.2.3", nil), ("1e2", 10_000),
            ("1.25E1", 1250),
            ("-5e-2", -5), ("0.012e+2", 120), ("1e-3", nil), ("1e9", nil), ("1e", nil), ("e2", nil),
            ("1e999999999999999999999", nil),
            ("+1", nil), (" 1", nil), ("NaN", nil), ("99999999999999999999999", nil),
        ] as [(String, Int128?)])
    func decimals(text: String, unscaled: Int128?) {
        #expect(DecimalText.unscaled(text, precision: 10, scale: 2) == unscaled)
    }

    @Test("Decimals of 18 digits do not overflow")
    func wide() {
        let nines = String(repeating: "9", count: 18)
        #expect(
            DecimalText.unscaled(nines, precision: 18, scale: 0) == 999_999_999_999_999_999)
        #expect(DecimalText.unscaled(nines, precision: 18, scale: 18) == nil)
        #expect(DecimalText.unscaled(nines + "9", precision: 18, scale: 0) == nil)
        #expect(
            DecimalText.unscaled("-0." + nines, precision: 18, scale: 18)
                == -999_999_999_999_999_999)
    }

    @Test(
        "Numbers of any size are read from bytes",
        arguments: [
            ([0], 0, "0"), ([0x7F], 0, "127"), ([0x80], 0, "-128"), ([0xFF], 2, "-0.01"),
            ([0x04, 0xE2], 2, "12.50"),
            ([0x01, 0, 0, 0, 0, 0, 0, 0, 0], 3, "18446744073709551.616"),
            ([0x80, 0, 0, 0, 0, 0, 0, 0, 0], 0, "-2361183241434822606848"), ([5], -3, "5000"),
            ([0], 2, "0.00"),
        ] as [([UInt8], Int, String)])
    func bigNumbers(bytes: [UInt8], scale: Int, text: String) {
        #expect(DecimalText.text(bigEndian: bytes, scale: scale) == text)
    }

    @Test("Hexadecimal digits and Base64 are bytes")
    func bytes() {
        #expect(EncodedBytes.hexadecimal("00fF") == [0, 255])
        #expect(EncodedBytes.hexadecimal("\\x0a") == [10])
        #expect(EncodedBytes.hexadecimal("") == [])
        for text in ["0", "0g", "\\x0", "0 "] { #expect(EncodedBytes.hexadecimal(text) == nil) }
        #expect(EncodedBytes.base64("AP8Q") == [0, 255, 16])
        #expect(EncodedBytes.base64("AA==") == [0])
        #expect(EncodedBytes.base64("//8=") == [255, 255])
        #expect(EncodedBytes.base64("") == [])
        for text in ["A", "AA", "AAA", "A===", "AA=A", "AA-_", "AA A"] {
            #expect(EncodedBytes.base64(text) == nil)
        }
    }
}
