import Foundation
import JSON
import Testing

@Suite("What a served process says")
struct ServeLogTests {
    @Test("As JSON each event is an object a line, from the first to the last")
    func lines() throws {
        let program = try Program()
        defer { program.remove() }
        let port = Int.random(in: 30_000..<50_000)
        let result = try program.run(
            [
                "serve", "--data", "d", "--listen", "127.0.0.1:\(port)", "--http", "0",
                "--log-format", "json", "--log-level", "information",
            ], interruptAfter: 5)
        let events = try result.errors.split(separator: "\n").map {
            try JSONValue(parsing: String($0))
        }
        #expect(result.code == 0, "\(result)")
        let names = events.compactMap { $0["event"]?.string }
        #expect(names.count == events.count && names.contains("note"), "\(names)")
        #expect(names.filter { $0 != "note" } == ["serving", "stopping", "stopped"])
        for event in events {
            #expect(event["time"]?.string?.utf8.count == 24, "\(event)")
            #expect(event["level"]?.string != nil && event["message"]?.string != nil)
            #expect((event["event"] == "note") == (event["node"]?.string != nil))
        }
        let serving = events.first { $0["event"] == "serving" }
        #expect(serving?["listen"]?.string == "127.0.0.1:\(port)")
        #expect(events.contains { $0["signal"] == 2 })
    }

    @Test("What keeps it from serving is an event, too, and words where text is wanted")
    func failure() throws {
        let program = try Program()
        defer { program.remove() }
        let result = try program.run(["serve", "--data", "quick.yaml", "--log-format", "json"])
        let event = try JSONValue(parsing: result.errors.trimmingCharacters(in: .newlines))
        #expect(result.code == 3 && event["event"] == "failed" && event["level"] == "error")
        let plain = try program.run(["serve", "--data", "quick.yaml"])
        #expect(plain.code == 3 && plain.errors.contains(event["message"]?.string ?? "?"))
        #expect(!plain.errors.contains("{"))
    }
}
