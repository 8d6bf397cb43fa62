/// Names that engine modules must not say, and what to say instead.
///
/// Each of them would let something in that the tank cannot see: another clock, another order,
/// another thread.
enum Fence {
    struct Ban {
        var pattern: Pattern
        var name: String
        var replacement: String

        init(_ pattern: String, _ name: String, _ replacement: String) {
            self.pattern = Pattern(pattern)
            self.name = name
            self.replacement = replacement
        }
    }

    static let bans: [Ban] = [
        Ban(#"\bTask\s*(\{|\(|<|\.init|\.immediate)"#, "Task", "start it with machine.spawn"),
        Ban(#"\bTask\.detached\b"#, "Task.detached", "start it with machine.spawn"),
        Ban(#"\bTask\.sleep\b"#, "Task.sleep", "wait with machine.sleep"),
        Ban(#"\bTask\.yield\b"#, "Task.yield", "wait with machine.sleep(.zero)"),
        Ban(#"\bwith\w*TaskGroup\b"#, "a task group", "spawn, and wait with a Channel"),
        Ban(#"\basync\s+let\b"#, "async let", "spawn, and wait with a Channel"),
        Ban(
            #"\bwith(Checked|Unsafe)(Throwing)?Continuation\b"#, "a continuation",
            "wait with Lifetime.wait, Signal, Gate or Channel"),
        Ban(#"(^|\s)actor\s+\w"#, "an actor", "a plain class; tasks of a machine are serial"),
        Ban(#"@globalActor|@MainActor"#, "a global actor", "a plain class"),
        Ban(#"@unchecked\s+Sendable"#, "@unchecked Sendable", "keep it inside one machine"),
        Ban(#"nonisolated\(unsafe\)"#, "nonisolated(unsafe)", "keep it inside one machine"),
        Ban(#"\bDate\s*\("#, "Date", "ask machine.clock.timestamp"),
        Ban(#"\b(Continuous|Suspending)Clock\b"#, "a system clock", "ask machine.clock.now"),
        Ban(#"\bDispatch(Queue|Time|Semaphore|Group)\b"#, "Dispatch", "machine.spawn and sleep"),
        Ban(#"\bThread\b"#, "Thread", "start it with machine.spawn"),
        Ban(#"\b(Mutex|NSLock|OSAllocatedUnfairLock)\b"#, "a lock", "take turns with a Gate"),
        Ban(#"\bUUID\s*\("#, "UUID", "take machine.entropy.uuid()"),
        Ban(
            #"\.(random|randomElement|shuffle|shuffled)\s*\("#, "system randomness",
            "draw from machine.entropy"),
        Ban(
            #"\bSystemRandomNumberGenerator\b"#, "SystemRandomNumberGenerator",
            "draw from machine.entropy"),
        Ban(
            #"\bHasher\s*\(|\.hashValue\b"#, "a seeded hash", "hash the bytes with crc32c or FNV-1a"
        ),
        Ban(#"\bObjectIdentifier\s*\("#, "an address", "number the objects"),
        Ban(#"\bgetenv\b"#, "getenv", "take it from the configuration"),
        Ban(#"\b(FileManager|FileHandle)\b"#, "the file system", "use machine.disk"),
        Ban(
            #"(^|[^.\w])(print|debugPrint|dump|fputs|puts|printf)\s*\("#, "printing",
            "tell machine.observer"),
        Ban(#"(^|[^.\w])assert(ionFailure)?\s*\("#, "assert", "precondition: it stays in release"),
        Ban(
            #"\bstatic\s+(private\s+|public\s+)?var\s+\w+[^{]*=\s"#, "a static that changes",
            "keep state in the objects of a machine"),
        Ban(
            #"^((public|package|internal|private|fileprivate)(\(set\))?\s+)*var\s+\w+"#,
            "a global variable", "keep state in the objects of a machine"),
    ]

    /// Where a banned name is the one right place for it.
    static let exceptions: [(path: String, name: String)] = [
        ("Sources/Platform/Machine.swift", "Task"),
        ("Sources/Platform/Machine.swift", "an actor"),
        ("Sources/Platform/Machine.swift", "nonisolated(unsafe)"),
        ("Sources/Platform/Lifetime.swift", "a continuation"),
        ("Sources/Platform/Lifetime.swift", "nonisolated(unsafe)"),
        ("Sources/Columnar/Decompressor.swift", "a lock"),
        ("Sources/Columnar/Decompressor.swift", "@unchecked Sendable"),
    ]

    static func check(_ tree: Tree) -> [Violation] {
        let engine = Set(tree.package.engine)
        var violations: [Violation] = []
        var unused = exceptions.filter { exception in tree.file(exception.path) != nil }
        for file in tree.swift where engine.contains(file.module ?? "") {
            let hasOwnPrint = file.code.contains { $0.contains("func print(") }
            for (index, line) in file.code.enumerated() {
                for ban in bans where ban.pattern.matches(line) {
                    if ban.name == "printing" && hasOwnPrint { continue }
                    let isExcepted: ((path: String, name: String)) -> Bool = {
                        $0.path == file.path && $0.name == ban.name
                    }
                    unused.removeAll(where: isExcepted)
                    if exceptions.contains(where: isExcepted) { continue }
                    violations.append(
                        file.violation(index, "fence", "no \(ban.name) here: \(ban.replacement)"))
                }
            }
        }
        for exception in unused {
            violations.append(
                Violation(
                    path: exception.path, line: 1, rule: "fence",
                    advice: "does not need its exception for \(exception.name): take it back"))
        }
        return violations
    }
}
