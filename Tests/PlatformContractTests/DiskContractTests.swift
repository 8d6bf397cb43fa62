import Platform
import TestSupport
import Testing

@Suite("A disk, simulated and real")
struct DiskContractTests {
    @Test("Each open mode does what it says", arguments: WorldKind.allCases)
    func modes(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            await expectError(DiskError.notFound(path: "log")) {
                _ = try await disk.open("log", .existing)
            }
            let made = try await disk.open("log", .new)
            #expect(made.path == "log")
            await expectError(DiskError.exists(path: "log")) {
                _ = try await disk.open("log", .new)
            }
            try await made.write(text("kept"), at: 0)
            let again = try await disk.open("log", .any)
            #expect(try await again.read(at: 0, count: 100) == text("kept"))
            let other = try await disk.open("other", .any)
            #expect(try await other.size() == 0)
            _ = try await disk.open("other", .existing)
        }
    }

    @Test("Reads are short only at the end of the file", arguments: WorldKind.allCases)
    func reading(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let file = try await machine.disk.open("log", .new)
            #expect(try await file.read(at: 0, count: 10) == [])
            try await file.write(text("0123456789"), at: 0)
            #expect(try await file.read(at: 0, count: 10) == text("0123456789"))
            #expect(try await file.read(at: 3, count: 4) == text("3456"))
            #expect(try await file.read(at: 8, count: 4) == text("89"))
            #expect(try await file.read(at: 10, count: 4) == [])
            #expect(try await file.read(at: 1000, count: 4) == [])
            #expect(try await file.read(at: 3, count: 0) == [])
            #expect(try await file.read(at: 0, count: 1 << 40) == text("0123456789"))
        }
    }

    @Test("Writing beyond the end fills up with zeros", arguments: WorldKind.allCases)
    func holes(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let file = try await machine.disk.open("log", .new)
            try await file.write([7], at: 100_000)
            #expect(try await file.size() == 100_001)
            let expected = [UInt8](repeating: 0, count: 100_000) + [7]
            #expect(try await file.read(at: 0, count: 200_000) == expected)
            try await file.write([8, 9], at: 50_000)
            #expect(try await file.read(at: 49_999, count: 4) == [0, 8, 9, 0])
            try await file.write([], at: 300_000)
            #expect(try await file.size() == 100_001)
        }
    }

    @Test("Truncating cuts, and grows with zeros", arguments: WorldKind.allCases)
    func truncating(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let file = try await machine.disk.open("log", .new)
            try await file.write(text("0123456789"), at: 0)
            try await file.truncate(to: 4)
            #expect(try await file.size() == 4)
            try await file.truncate(to: 8)
            #expect(try await file.read(at: 0, count: 10) == text("0123") + [0, 0, 0, 0])
            try await file.truncate(to: 0)
            #expect(try await file.read(at: 0, count: 10) == [])
            try await file.sync()
        }
    }

    @Test("What makes no sense is refused", arguments: WorldKind.allCases)
    func nonsense(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let file = try await machine.disk.open("log", .new)
            await expectError(DiskError.inputOutput(path: "log", operation: "read")) {
                _ = try await file.read(at: -1, count: 1)
            }
            await expectError(DiskError.inputOutput(path: "log", operation: "read")) {
                _ = try await file.read(at: 0, count: -1)
            }
            await expectError(DiskError.inputOutput(path: "log", operation: "write")) {
                try await file.write([1], at: -1)
            }
            await expectError(DiskError.inputOutput(path: "log", operation: "truncate")) {
                try await file.truncate(to: -1)
            }
            #expect(try await file.size() == 0)
        }
    }

    @Test("A closed file refuses everything, and closes again", arguments: WorldKind.allCases)
    func closing(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let file = try await machine.disk.open("log", .new)
            await file.close()
            await file.close()
            let closed = DiskError.closed(path: "log")
            await expectError(closed) { _ = try await file.read(at: 0, count: 1) }
            await expectError(closed) { _ = try await file.read(at: -1, count: 1) }
            await expectError(closed) { try await file.write([1], at: 0) }
            await expectError(closed) { try await file.truncate(to: 0) }
            await expectError(closed) { try await file.sync() }
            await expectError(closed) { _ = try await file.size() }
            _ = try await machine.disk.open("log", .existing)
        }
    }

    @Test("A rename replaces what had the name, in one step", arguments: WorldKind.allCases)
    func renaming(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            let old = try await disk.open("current", .new)
            try await old.write(text("old"), at: 0)
            let new = try await disk.open("next", .new)
            try await new.write(text("new"), at: 0)
            try await disk.rename("next", to: "current")
            #expect(try await disk.list("") == ["current"])
            let current = try await disk.open("current", .existing)
            #expect(try await current.read(at: 0, count: 9) == text("new"))
            #expect(try await old.read(at: 0, count: 9) == text("old"))
            try await new.write(text("!"), at: 3)
            #expect(try await current.read(at: 0, count: 9) == text("new!"))
            try await disk.rename("current", to: "current")
            try await disk.createDirectory("folder")
            try await disk.rename("current", to: "folder/moved")
            #expect(try await disk.list("") == ["folder/"])
            #expect(try await disk.list("folder") == ["moved"])
        }
    }

    @Test("A rename that cannot be says why", arguments: WorldKind.allCases)
    func refusedRenames(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            _ = try await disk.open("file", .new)
            try await disk.createDirectory("folder")
            func refused(_ source: String, _ target: String, _ error: DiskError) async {
                await expectError(error) { try await disk.rename(source, to: target) }
            }
            await refused("none", "other", .notFound(path: "none"))
            await refused("none/file", "other", .notFound(path: "none/file"))
            await refused("file", "none/file", .notFound(path: "none/file"))
            await refused("file", "file/file", .notFound(path: "file/file"))
            await refused(
                "folder", "other", .inputOutput(path: "folder", operation: "rename of a folder"))
            await refused(
                "file", "folder", .inputOutput(path: "folder", operation: "rename over a folder"))
            #expect(try await disk.list("") == ["file", "folder/"])
        }
    }

    @Test("A removed file is read on by who has it open", arguments: WorldKind.allCases)
    func removing(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            let file = try await disk.open("log", .new)
            try await file.write(text("kept"), at: 0)
            try await disk.remove("log")
            #expect(try await disk.list("") == [])
            try await file.write(text("!"), at: 4)
            #expect(try await file.read(at: 0, count: 9) == text("kept!"))
            #expect(try await file.size() == 5)
            try await file.sync()
            await expectError(DiskError.notFound(path: "log")) { try await disk.remove("log") }
            let new = try await disk.open("log", .new)
            #expect(try await new.size() == 0)
            try await disk.createDirectory("folder")
            await expectError(
                DiskError.inputOutput(path: "folder", operation: "removal of a folder")
            ) { try await disk.remove("folder") }
            await expectError(DiskError.notFound(path: "log/x")) {
                try await disk.remove("log/x")
            }
        }
    }

    @Test("Names are listed by their bytes, folders with a slash", arguments: WorldKind.allCases)
    func listing(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            #expect(try await disk.list("") == [])
            for name in ["b", "a.b", "a-b", "B", "10", "9", "\u{e9}", "z", "\u{10000}", "\u{ffff}"]
            {
                _ = try await disk.open(name, .new)
            }
            try await disk.createDirectory("a")
            #expect(
                try await disk.list("") == [
                    "10", "9", "B", "a-b", "a.b", "a/", "b", "z", "\u{e9}", "\u{ffff}", "\u{10000}",
                ])
            #expect(try await disk.list("a") == [])
            await expectError(DiskError.notFound(path: "none")) {
                _ = try await disk.list("none")
            }
            await expectError(DiskError.notFound(path: "b")) { _ = try await disk.list("b") }
        }
    }

    @Test("Folders are made with their parents, and again", arguments: WorldKind.allCases)
    func folders(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            try await disk.createDirectory("a/b/c")
            try await disk.createDirectory("a/b/c")
            try await disk.createDirectory("a/d")
            #expect(try await disk.list("a") == ["b/", "d/"])
            _ = try await disk.open("a/b/file", .new)
            #expect(try await disk.list("a/b") == ["c/", "file"])
            for path in ["a/b/file", "a/b/file/c"] {
                await expectError(DiskError.exists(path: path)) {
                    try await disk.createDirectory(path)
                }
            }
            for directory in ["", "a", "a/b", "a/b/c"] { try await disk.syncDirectory(directory) }
            for directory in ["none", "a/none", "a/b/file"] {
                await expectError(DiskError.notFound(path: directory)) {
                    try await disk.syncDirectory(directory)
                }
            }
            await expectError(DiskError.notFound(path: "none/file")) {
                _ = try await disk.open("none/file", .any)
            }
            await expectError(DiskError.notFound(path: "a/b/file/x")) {
                _ = try await disk.open("a/b/file/x", .any)
            }
            for mode in [OpenMode.existing, .new, .any] {
                await expectError(
                    DiskError.inputOutput(path: "a", operation: "open of a folder")
                ) { _ = try await disk.open("a", mode) }
            }
        }
    }

    @Test(
        "Bad paths are refused everywhere",
        arguments: WorldKind.allCases,
        [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/.", "a\0b",
            String(repeating: "n", count: 256), "a/" + String(repeating: "\u{e9}", count: 128),
        ])
    func paths(_ kind: WorldKind, _ path: String) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            let invalid = DiskError.invalidPath(path)
            _ = try await disk.open("fine", .new)
            await expectError(invalid) { _ = try await disk.open(path, .any) }
            await expectError(invalid) { try await disk.remove(path) }
            await expectError(invalid) { try await disk.rename(path, to: "other") }
            await expectError(invalid) { try await disk.rename("fine", to: path) }
            await expectError(invalid) { try await disk.createDirectory(path) }
            if path.isEmpty { return }
            await expectError(invalid) { _ = try await disk.list(path) }
            await expectError(invalid) { try await disk.syncDirectory(path) }
        }
    }

    @Test("Odd but good names work", arguments: WorldKind.allCases)
    func oddNames(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let disk = machine.disk
            let longest = String(repeating: "n", count: 255)
            let names = ["...", ".hidden", "a b", "a\nb", "%2F", "\\", longest]
            for name in names {
                let file = try await disk.open(name, .new)
                try await file.write(text(name), at: 0)
            }
            #expect(try await Set(disk.list("")) == Set(names))
            for name in names {
                let file = try await disk.open(name, .existing)
                #expect(try await file.read(at: 0, count: 1000) == text(name))
            }
        }
    }

    @Test("Names that look alike but differ in bytes are two", arguments: WorldKind.allCases)
    func normalization(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            _ = try await machine.disk.open("caf\u{e9}", .new)
            _ = try await machine.disk.open("cafe\u{301}", .new)
            #expect(try await machine.disk.list("").count == 2)
        }
    }

    @Test("A machine's files outlive it and are its own", arguments: WorldKind.allCases)
    func incarnations(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let first = world.start("machine-2")
            let file = try await first.disk.open("log", .new)
            try await file.write(text("kept"), at: 0)
            world.crash("machine-2")
            await expectError(Terminated.self) { _ = try await file.read(at: 0, count: 1) }
            await expectError(Terminated.self) { try await file.write([1], at: 0) }
            await expectError(Terminated.self) { _ = try await first.disk.list("") }
            await expectError(Terminated.self) { _ = try await first.disk.open("x", .any) }
            await expectError(Terminated.self) { try await first.disk.syncDirectory("none") }
            let second = world.start("machine-2")
            let again = try await second.disk.open("log", .existing)
            #expect(try await again.read(at: 0, count: 9) == text("kept"))
            #expect(try await machine.disk.list("") == [])
        }
    }
}
