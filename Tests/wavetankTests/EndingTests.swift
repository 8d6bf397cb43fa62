import Foundation
import Testing

@Suite("How a command ends")
struct EndingTests {
    @Test("A run that passes says so first and ends with 0")
    func passes() throws {
        let program = try Program()
        defer { program.remove() }
        let run = try program.run(["run", "quick.yaml"])
        #expect(run.code == 0, "\(run)")
        #expect(run.output.hasPrefix("PASS"))
        #expect(run.output.contains("again: ci/wavetank run quick.yaml --seed 1"))
    }

    @Test(
        "What was typed wrong is refused in words, and never traps",
        arguments: [
            (["run", "quick.yaml", "--seconds", "0"], 64, "from 1 to"),
            (["run", "quick.yaml", "--seed", "-1"], 64, "from 0 to 18446744073709551615"),
            (["run", "quick.yaml", "--seed", "18446744073709551616"], 64, "from 0 to"),
            (["run", "nope.yaml"], 3, "nope.yaml: no such file"),
            (["run", "."], 3, "is a folder"),
            (["list", "nope"], 3, "no such folder"),
            (["hunt", "quick.yaml", "--seeds", "2..1"], 64, "above the last"),
            (["hunt", "quick.yaml", "--seeds", "1..2", "--patience", "0"], 64, "--patience is"),
            (["run", "quick.yaml", "--strike", "disk:999999999:crash"], 3, "no operation"),
            (["trace", "quick.yaml", "--at", "900s"], 3, "the run ends at"),
            (["trace", "quick.yaml", "--from", "0", "--node", "server-99"], 3, "server-1"),
            (["serve", "quick.yaml", "--data", "d", "--export", "e"], 64, "--export"),
            (["report", "quick.yaml"], 3, "quick.yaml"),
            (["hunt", "quick.yaml", "--seeds", "1", "--junit", "no/j.xml"], 3, "no folder"),
            (["hunt", "quick.yaml", "--for", "1ms"], 2, ""),
        ])
    func isRefused(arguments: [String], code: Int32, words: String) throws {
        let program = try Program()
        defer { program.remove() }
        let result = try program.run(arguments)
        #expect(result.code == code, "\(result)")
        #expect(words.isEmpty || result.errors.contains(words), "\(result)")
        #expect(!result.errors.contains("NSCocoaErrorDomain"))
    }

    @Test(
        "A capture that cannot be played is found by `check`, where the file names it",
        arguments: [
            (
                "{ file: gone.json, format: debezium }",
                "s.yaml:5:22: gone.json: no such file"
            ),
            (
                "{ file: web.log, format: wal2json }",
                "s.yaml:5:22: web.log has no tables"
            ),
            (
                "{ file: web.log, format: combinedLog, tables: visits }",
                "s.yaml:5:60: web.log has no table 'visits'; it has access_log"
            ),
            (
                "{ file: web.log, format: combinedLog, logFormat: '%' }",
                "s.yaml:5:63: the log format cannot be used"
            ),
            (
                "{ file: web.log, format: combinedLog }\n"
                    + "  - capture: { file: web.log, format: combinedLog }",
                "s.yaml:6:22: two workloads have a table named 'access_log'"
            ),
        ])
    func badCapture(capture: String, words: String) throws {
        let program = try Program()
        defer { program.remove() }
        try program.write(
            #"192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-""# + "\n",
            to: "web.log")
        try program.write(
            "title: t\nlength: 5s\nchecks: all\nworkloads:\n  - capture: \(capture)\n",
            to: "s.yaml")
        for command in [["check"], ["run"], ["profile"], ["hunt", "--seeds", "1"]] {
            let result = try program.run(command + ["s.yaml"])
            #expect(result.code == 3, "\(result)")
            #expect(result.errors.contains(words), "\(result)")
        }
    }

    @Test("A result that cannot be written is an error, with the verdict still said")
    func fullOutput() throws {
        let program = try Program()
        defer { program.remove() }
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let result = try program.run(["run", "quick.yaml", "--json"], output: full)
        #expect(result.code == 3)
        #expect(result.errors.contains("pass: A little shop"))
        #expect(result.errors.contains("No space left on device"))
    }

    @Test("Ctrl-C ends a hunt with what it has, and it goes on later")
    func interrupted() throws {
        let program = try Program()
        defer { program.remove() }
        let options = ["hunt", "quick.yaml", "--seeds", "1..100000", "--output", "o.jsonl"]
        let first = try program.run(options, interruptAfter: 6)
        #expect(first.code == 130, "\(first)")
        #expect(first.errors.contains("--output o.jsonl --resume"))
        let lines = program.text(of: "o.jsonl")?.split(separator: "\n").count ?? 0
        #expect(lines > 0 && first.output.hasPrefix("\(lines) of \(lines) seed"), "\(first)")
    }

    @Test("A worker that takes too long was stopped, and did not crash")
    func patience() throws {
        let program = try Program()
        defer { program.remove() }
        try program.write(
            Program.scenario.replacingOccurrences(of: "3s", with: "9h"), to: "long.yaml")
        let result = try program.run(
            ["hunt", "long.yaml", "--seeds", "1", "--patience", "1"])
        #expect(result.code == 2)
        #expect(result.output.contains("stopped after 1 s (--patience)"))
        #expect(!result.output.contains("crash"))
    }
}
