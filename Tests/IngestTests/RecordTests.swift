import Columnar
import Foundation
import Testing

@testable import Ingest

@Suite("Records of files")
struct RecordTests {
    private func stream(_ bytes: [UInt8]) throws -> ByteStream {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("records-\(UUID().uuidString)").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try FileIngest.open(path)
    }

    private func all(_ text: String, _ layout: FileRecords.Layout) throws -> [String] {
        let records = try FileRecords(try stream(Array(text.utf8)), layout)
        var found: [String] = []
        while let record = records.next() {
            found.append("\(records.number): " + String(decoding: record, as: UTF8.self))
        }
        #expect(records.failure == nil)
        return found
    }

    @Test("Lines have their numbers, whatever ends them")
    func lines() throws {
        #expect(try all("\u{FEFF}a\r\n\n\nb\nc", .lines) == ["1: a", "4: b", "5: c"])
        #expect(try all("", .lines) == [])
    }

    @Test("A record of CSV may go over lines")
    func quotedLines() throws {
        #expect(
            try all("a,\"b\nc\"\nd,\"\"\"\n\"\n", .quotedLines) == [
                "1: a,\"b\nc\"", "3: d,\"\"\"\n\"",
            ])
        let records = try FileRecords(try stream(Array("a\n\"b\n".utf8)), .quotedLines)
        while records.next() != nil {}
        #expect(records.failure != nil)
    }

    @Test("JSON values may stand in an array and go over lines")
    func values() throws {
        #expect(
            try all("[{\"a\": \"}\\\"\"},\n {\n\"b\": [1, {}]}\n]", .values) == [
                "1: {\"a\": \"}\\\"\"}", "2: {\n\"b\": [1, {}]}",
            ])
        #expect(try all("{\"a\"\nword\n{}", .values).count == 1)
    }

    @Test("Fields of CSV are told apart, or refused with their column")
    func fields() throws {
        func cells(_ text: String) throws -> [String] {
            try CSVRecord(Array(text.utf8)[...], delimiter: UInt8(ascii: ",")).cells.map(\.text)
        }
        #expect(try cells("a,,\"b,\"\"c\"\"\",\"\"") == ["a", "", "b,\"c\"", ""])
        #expect(
            throws: CSVRecord.Flaw(
                reason: "text behind closing quotes; a quote within them is written \"\"", column: 6
            )
        ) { try cells("a,\"b\"c") }
        #expect(throws: CSVRecord.Flaw.self) { try cells("a,\"b") }
        #expect(throws: CSVRecord.Flaw.self) {
            try CSVRecord([0x61, 0xFF][...], delimiter: UInt8(ascii: ","))
        }
        let row = try CSVRecord(Array("a,,\"\"".utf8)[...], delimiter: UInt8(ascii: ",")).cells
        #expect(row.map(\.isMissing) == [false, true, false])
    }

    @Test("A column of texts is of the narrowest type that holds them all")
    func inference() {
        func type(_ texts: [String]) -> DataType {
            var column = InferredTexts("a")
            for text in texts { column.note(text) }
            return column.type
        }
        #expect(type(["1", "-20"]) == .bigint)
        #expect(type(["1", "2.5"]) == .double)
        #expect(type(["0.1", "12345678901234567.123"]) == .string)
        #expect(type(["007", "12"]) == .string)
        #expect(type(["true", "FALSE"]) == .boolean)
        #expect(type(["2026-11-28"]) == .date)
        #expect(type(["2026-11-28", "2026-11-28 12:00:00.25"]) == .timestamp(precision: 6))
        #expect(type(["2026-11-28T12:00:00+01:00"]) == .timestampLTZ(precision: 6))
        #expect(type(["2026-11-28", "1"]) == .string)
        #expect(type([]) == .string)
    }

    @Test(
        "What is compressed is read whole, and what is cut off is refused",
        arguments: [
            ("gzip", "gzip -c"), ("zstd", "zstd -qc"),
        ])
    func compressed(name: String, command: String) throws {
        // Two members, larger than what is decompressed at once.
        let text = (0..<40_000).map { "line \($0)\n" }.joined()
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("plain-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "\(command) \(path); \(command) \(path)"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        let records = try FileRecords(try stream(bytes), .lines)
        var count = 0
        while records.next() != nil { count += 1 }
        #expect(records.failure == nil)
        #expect(count == 80_000)
        let offset = Int64(text.utf8.count)
        let second = try FileRecords(try stream(bytes), .lines, offset: offset, line: 40_001)
        #expect(second.next().map { String(decoding: $0, as: UTF8.self) } == "line 0")
        #expect(second.number == 40_001)
        for cut in [bytes.count - 3, bytes.count / 2 - 7, 30] {
            #expect(throws: IngestError.self) { try readAll(Array(bytes[..<cut])) }
        }
        var damaged = bytes
        for place in stride(from: 20, to: bytes.count, by: 97) { damaged[place] ^= 0x55 }
        #expect(throws: IngestError.self) { try readAll(damaged) }
    }

    private func readAll(_ bytes: [UInt8]) throws {
        let records = try FileRecords(try stream(bytes), .lines)
        while records.next() != nil {}
        if let failure = records.failure { throw failure }
    }
}
