import Foundation
import Glibc
import Platform
import Testing

@testable import Host

@Suite("Processes that this one starts")
struct ProcessTests {
    private func folder() throws -> RealFolder {
        let folder = RealFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true)
        return folder
    }

    @Test("One that is killed has ended by that signal; one that ends, by its code")
    func endings() throws {
        let folder = try folder()
        let log = folder.path + "/log"
        let sleeper = try HostProcess("/bin/sleep", ["60"], log: log)
        #expect(sleeper.isRunning)
        sleeper.signal(SIGSTOP)
        sleeper.end()
        #expect(sleeper.ending == .signal(SIGKILL))
        let shell = try HostProcess("/bin/sh", ["-c", "echo said; exit 7"], log: log)
        while shell.isRunning { usleep(1000) }
        #expect(shell.ending == .code(7))
        let said = FileManager.default.contents(atPath: log).map {
            String(decoding: $0, as: UTF8.self)
        }
        #expect(said == "said\n")
    }

    @Test("A program that is not there is an error that names it")
    func missing() {
        #expect(throws: HostError.folder(path: "/no/such", reason: "No such file or directory")) {
            try HostProcess("/no/such", [], log: "/dev/null").end()
        }
    }

    @Test("Counts in a file are those of all lives, and others can look at them")
    func counters() throws {
        let folder = try folder()
        let path = folder.path + "/counts"
        for _ in 0..<2 {
            var configuration = HostConfiguration(folder: folder.path + "/cluster")
            configuration.countersPath = path
            let world = try HostWorld(configuration)
            defer { world.shutDown() }
            try world.finish { machine in
                let file = try await machine.disk.open("f", .any)
                try await file.writeDurably([1, 2, 3], at: 0)
                _ = try await machine.objectStore.put([1], at: "k", .always)
            }
        }
        let seen = try HostCounters(path: path)
        #expect(seen[.diskWrites] == 2 && seen[.diskWrittenBytes] == 6)
        #expect(seen[.diskSyncs] == 2 && seen[.objectPuts] == 2)
    }

    @Test("A database that somebody blocks refuses writes until that ends")
    func block() throws {
        let folder = try folder()
        let world = try folder.world()
        defer { world.shutDown() }
        func put(_ machine: Machine) async throws {
            _ = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [],
                    operations: [.put(key: "/k", value: [1], lease: nil)]))
        }
        let block = try DatabaseBlock(path: world.configuration.coordinationPath)
        #expect(throws: CoordinationError.unavailable) {
            try world.finish("a") { try await put($0) }
        }
        block.end()
        try world.finish("b") { try await put($0) }
    }
}
