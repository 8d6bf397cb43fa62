import Foundation
import Testing

@Suite("Files of others")
struct OwnershipTests {
    @Test(
        "Are left as they are, and the command ends before its work",
        arguments: [
            ["hunt", "quick.yaml", "--seeds", "1", "--output", "mine"],
            ["hunt", "quick.yaml", "--seeds", "1", "--junit", "mine"],
            ["bench", "history", "--file", "quick.yaml", "--html", "mine"],
            ["bench", "micro", "--output", "mine", "--rounds", "1", "--only", "crc"],
        ])
    func areKept(arguments: [String]) throws {
        let program = try Program()
        defer { program.remove() }
        try program.write("precious\n", to: "mine")
        let result = try program.run(arguments)
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.contains("mine was not written by wavetank"), "\(result)")
        #expect(program.text(of: "mine") == "precious\n")
    }

    @Test("Of our own a later run replaces what a former one wrote")
    func ours() throws {
        let program = try Program()
        defer { program.remove() }
        for _ in 0..<2 {
            let result = try program.run([
                "hunt", "quick.yaml", "--seeds", "1", "--output", "o.jsonl", "--junit", "j.xml",
            ])
            #expect(result.code == 0, "\(result)")
        }
        #expect(program.text(of: "o.jsonl")?.split(separator: "\n").count == 1)
    }

    @Test("In a folder to export to stop the export, and nothing is deleted")
    func export() throws {
        let program = try Program()
        defer { program.remove() }
        let folder = program.folder + "/lake"
        #expect(try program.run(["run", "quick.yaml", "--export", "lake"]).code == 0)
        #expect(try program.run(["run", "quick.yaml", "--export", "lake"]).code == 0)
        try FileManager.default.createDirectory(
            atPath: folder + "/warehouse/mine", withIntermediateDirectories: true)
        try program.write("precious", to: "lake/warehouse/mine/rows.parquet")
        let refused = try program.run(["run", "quick.yaml", "--export", "lake"])
        #expect(refused.code == 3)
        #expect(refused.errors.contains("warehouse/mine/rows.parquet was not written by"))
        #expect(program.text(of: "lake/warehouse/mine/rows.parquet") == "precious")
    }

    @Test("Two scenarios with one seed have a page each")
    func pages() throws {
        let program = try Program()
        defer { program.remove() }
        try program.write(Program.scenario, to: "other.yaml")
        for name in ["quick.yaml", "other.yaml"] {
            #expect(try program.run(["run", name, "--report", "pages"]).code == 0)
        }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: program.folder + "/pages")
        #expect(names.count { $0.hasSuffix(".html") } == 2)
    }

    @Test(
        "Results of other settings are not continued, with the reason",
        arguments: [
            (["--seconds", "2"], "other settings"), (["--schedule", "random"], "other settings"),
            (["--twice"], "other settings"), ([], "another text"),
        ])
    func resume(options: [String], words: String) throws {
        let program = try Program()
        defer { program.remove() }
        let hunt = ["hunt", "quick.yaml", "--seeds", "1..2", "--output", "o.jsonl"]
        #expect(try program.run(hunt).code == 0)
        #expect(try program.run(hunt + ["--resume"]).code == 0)
        if options.isEmpty {
            try program.write(
                Program.scenario.replacingOccurrences(of: "20/s", with: "30/s"),
                to: "quick.yaml")
        }
        let before = program.text(of: "o.jsonl")
        let result = try program.run(hunt + options + ["--resume"])
        #expect(result.code == 3 && result.errors.contains(words), "\(result)")
        #expect(program.text(of: "o.jsonl") == before)
    }
}
