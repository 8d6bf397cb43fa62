import Testing

private let packageText = """
    let sources: [Target] = [
        .executableTarget(
            name: "tool", dependencies: ["Workbench"]),
        module("Workbench", ["Server", "Simulation", "Host"]),
        module("Server", ["Changelog"]),
        module("Changelog", ["Platform", .product(name: "Yams", package: "Yams")]),
        module("Simulation", ["Platform"]),
        module("Host", ["Platform", "CFile"]),
        module("Platform"),
        .systemLibrary(name: "CFile", pkgConfig: "file", providers: [.apt(["libfile-dev"])]),
    ]
    """

/// A small house in order, with `text` at `path`.
private func house(_ path: String, _ text: String) -> Tree {
    let folders = ["tool", "Workbench", "Server", "Changelog", "Simulation", "Host", "Platform"]
    return Tree(
        [("Package.swift", packageText + "\n"), ("Sources/CFile/module.modulemap", "module\n")]
            + folders.map { ("Sources/\($0)/\($0).swift", "struct \($0) {}\n") }
            + [(path, text)])
}

private func lines(_ violations: [Violation]) -> [Int] { violations.map(\.line) }

@Suite("The rules themselves")
struct RulesTests {
    @Test("A house in order breaks none")
    func order() {
        let tree = house("Sources/Changelog/Log.swift", "import Platform\n")
        for part in TidyTests.Part.allCases {
            #expect(part.check(tree) == [])
        }
        #expect(tree.package.engine == ["Server", "Changelog", "Platform"])
        #expect(tree.package.modules.map(\.name).last == "CFile")
        #expect(tree.package.modules[3].dependencies == ["Platform"])
    }

    @Test(
        "The fence sees what the tank would not",
        arguments: [
            "Task { await run() }", "_ = Task.detached {}", "try await Task.sleep(for: .zero)",
            "let now = Date()", "let name = UUID()", "let dice = Int.random(in: 0..<6)",
            "let clock = ContinuousClock()", "DispatchQueue.main.async {}", "print(1)",
            "Thread.sleep(1)", "let home = getenv(name)", "assert(isWell)", "var counter = 0",
            "async let both = run()", "withUnsafeContinuation { _ in }", "actor Server {}",
            "struct A { static var count = 0 }", "final class A: @unchecked Sendable {}",
            "let hasher = Hasher()", "list.shuffled()", "await withTaskGroup(of: Int.self) { }",
        ])
    func fence(code: String) {
        let inside = house("Sources/Changelog/Log.swift", "\n\(code)\n")
        #expect(lines(Fence.check(inside)) == [2])
        #expect(Fence.check(house("Sources/Host/Log.swift", "\n\(code)\n")) == [])
        let mentioned = "/* \(code) */\n// \(code)\nlet text = \"\"\"\n    \(code)\n    \"\"\"\n"
        #expect(Fence.check(house("Sources/Changelog/Log.swift", mentioned)) == [])
    }

    @Test("What only looks like a banned name passes")
    func fenceIsNotTooHigh() {
        let code = """
            struct Update { var date: Int; static var zero: Int { 0 } }
            func print(_ text: String) { print(text) }
            func blueprint(_ subTask: TaskList) { subTask.print(); observer.assert(1) }
            let updated = lastUpdate(2)
            """
        #expect(Fence.check(house("Sources/Changelog/Log.swift", code + "\n")) == [])
    }

    @Test("An exception that nothing needs is taken back")
    func exceptions() {
        let tree = house("Sources/Platform/Machine.swift", "struct Machine {}\n")
        #expect(Fence.check(tree).count == 3)
    }

    @Test("Arrows point down")
    func imports() {
        func check(_ path: String, _ code: String) -> [Int] {
            lines(Imports.check(house(path, code + "\n")))
        }
        #expect(check("Sources/Server/A.swift", "public import Changelog") == [])
        #expect(check("Sources/Changelog/A.swift", "import Server") == [1, 1])
        #expect(check("Sources/Changelog/A.swift", "\nimport Foundation") == [2])
        #expect(check("Sources/Changelog/A.swift", "internal import struct Glibc.FILE") == [1])
        #expect(check("Sources/Changelog/A.swift", "import Simulation").count >= 1)
        #expect(check("Sources/Simulation/A.swift", "import Platform") == [])
        #expect(check("Sources/Simulation/A.swift", "import Foundation") == [1])
        let allowed = "Sources/Simulation/EscapeGuard.swift"
        #expect(check(allowed, "import Glibc") == [])
        #expect(check(allowed, "import Dispatch") == [1])
        #expect(check("Sources/Host/A.swift", "import Foundation\nimport CFile") == [])
        #expect(check("Sources/Extra/A.swift", "let a = 1") == [1])
    }

    @Test("The order of a dictionary or set must not matter")
    func unordered() {
        func check(_ code: String) -> [Int] {
            let names = "var rows: [Int: String] = [:]\nlet seen: Set<Int> = []\n"
            return lines(Order.check(house("Sources/Changelog/A.swift", names + code + "\n")))
        }
        #expect(check("for row in rows {}") == [3])
        #expect(check("for (key, row) in rows where key > 1 {}") == [3])
        #expect(check("for key in self.rows.keys {}") == [3])
        #expect(check("let all = rows.values.map { $0 }") == [3])
        #expect(check("let any = seen.first") == [3])
        #expect(check("let all = Array(seen)") == [3])
        #expect(check("for key in rows.keys.sorted() {}") == [])
        #expect(check("let all = rows.values\n    .map { $0 }\n    .sorted()") == [])
        #expect(check("// A sum, in any order.\nfor row in rows { sum += row }") == [])
        #expect(check("let list: [(key: Int, row: Int)] = []\nfor row in list {}") == [])
        #expect(check("let seen: [Int] = []\nlet one = seen.first") == [])
        #expect(check("let named: [[UInt8]: Int]\nfor row in named {}") == [4])
        #expect(check("for row in list {}\nlet one = rows[1]") == [])
    }

    @Test("An async closure has no capture list")
    func lanes() {
        func check(_ code: String) -> [Int] {
            lines(Lanes.check(house("Sources/Changelog/A.swift", code + "\n")))
        }
        #expect(check("run { [self] in\n    if a { b() }\n    try await c()\n}") == [1])
        #expect(check("run { [machine, bucket] (name) async in await c() }") == [1])
        #expect(check("run {\n    let a = { [weak self] in await self?.c() }\n}") == [2])
        #expect(check("machine.spawn(name) { [self] in work() }") == [1])
        #expect(check("try await gate.run { [self] in work() }") == [1])
        #expect(check("list.map { [self] in work($0) }\ntry await c()") == [])
        #expect(check("try await run { try await self.c() }") == [])
        #expect(check("let a = { [1, 2] }\nawait c()") == [])
    }

    @Test("Lines, files and functions keep their measure")
    func layout() {
        func rules(_ name: String, _ text: String) -> [String] {
            Layout.check(Tree([(name, text)])).map(\.rule)
        }
        let long = String(repeating: "a", count: 101)
        #expect(rules("A.swift", "let \(long) = 1\n") == ["width"])
        #expect(rules("A.md", "\(long)\n") == [])
        #expect(rules("A.swift", "\tlet a = 1\n") == ["tab"])
        #expect(rules("A.swift", "let a = 1 \n") == ["trailing space"])
        #expect(rules("A.swift", "let a = 1") == ["end"])
        #expect(rules("A.swift", "let a = 1\n\n") == ["end"])
        #expect(rules("A.swift", "// TO" + "DO: more\n") == ["unfinished"])
        #expect(rules("A.md", "in /wo" + "rk/main\n") == ["machine path"])
        #expect(rules("ByteUtils.swift", "let a = 1\n") == ["name"])
        #expect(rules("A.swift", String(repeating: "let a = 1\n", count: 501)) == ["length"])
        let body = String(repeating: "    run()\n", count: 69)
        #expect(rules("A.swift", "func a() {\n\(body)}\n") == ["function length"])
        #expect(rules("A.swift", "func a() {\n\(body.dropLast(10))}\n") == [])
        #expect(rules("A.swift", "func a(\n    b: Int\n) {\n\(body)}\n") == ["function length"])
        #expect(rules("A.swift", "func a()\n\nfunc b()\n\nstruct C {\n\(body)}\n") == [])
    }

    @Test("Documents have one title and links that lead somewhere")
    func documents() {
        func rules(_ text: String) -> [String] {
            Documents.check(Tree([("docs/a.md", text), ("docs/b.md", "# B\n")])).map(\.rule)
        }
        #expect(rules("# A\n[b](b.md#part) [c](../docs) [d](https://x.org) [e](#e)\n") == [])
        #expect(rules("text\n") == ["title"])
        #expect(rules("# A\n# B\n```\n# not a title\n```\n") == ["title"])
        #expect(rules("# A\n[b](c.md)\n") == ["link"])
    }

    @Test("Scenarios stand where they are run, captures are read")
    func scenarios() {
        func rules(_ files: [(String, String)]) -> [String] {
            ScenarioFolders.check(Tree(files)).map(\.rule)
        }
        let scenario = ("Scenarios/fast/a.yaml", "input: captures/shop.jsonl.zst\n")
        let capture = ("Scenarios/captures/shop.jsonl.zst", "")
        #expect(rules([scenario, capture, ("Scenarios/captures/make.sh", "")]) == [])
        #expect(rules([scenario, ("Scenarios/captures/other.gz", "")]) == ["dead capture"])
        #expect(rules([("Scenarios/b.yaml", "")]) == ["dead scenario"])
        #expect(rules([("Scenarios/new/b.yaml", "")]) == ["dead scenario"])
    }

    @Test("Only code counts as code")
    func code() {
        #expect(codeOnly(#"let a = "x\(b("y"))z" + c"#) == #"let a = "           " + c"#)
        #expect(codeOnly("a /* b /* c */ d */ e") == "a                   e")
        #expect(codeOnly(##"#"a"b"# + c"##) == ##" "   "  + c"##)
        #expect(codeOnly("a // \"b\nc") == "a      \nc")
    }
}
