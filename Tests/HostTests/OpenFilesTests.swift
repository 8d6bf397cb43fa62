import Foundation
import Platform
import TestSupport
import Testing

@testable import Host

@Suite("More open files than descriptors")
struct OpenFilesTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("wavetank-files-\(UUID().uuidString)").path

    private func run(_ body: @escaping (Machine) async throws -> Void) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = HostConfiguration(folder: folder)
        configuration.openFileLimit = 8
        let world = try HostWorld(configuration)
        defer { world.shutDown() }
        var result: Result<Void, any Error>?
        world.start("machine-1") { machine in
            do { result = .success(try await body(machine)) } catch { result = .failure(error) }
        }
        #expect(world.run(atMost: .seconds(30)) { result != nil })
        try result?.get()
    }

    private func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter {
            let link = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\($0)")
            return link?.contains(folder + "/machines/") == true
        }.count
    }

    private func make(_ machine: Machine, _ names: [String]) async throws -> [any File] {
        var files: [any File] = []
        for name in names {
            let file = try await machine.disk.open(name, .new)
            try await file.write(text(name), at: 0)
            try await file.sync()
            files.append(file)
        }
        return files
    }

    @Test("A hundred files stay open with eight descriptors, and each keeps its bytes")
    func many() throws {
        try run { machine in
            let names = (0..<100).map { "file-\($0)" }
            let files = try await make(machine, names)
            #expect(try descriptors() <= 8)
            for (file, name) in zip(files, names) {
                #expect(try await file.read(at: 0, count: 99) == text(name))
                try await file.write(text("!"), at: 0)
                try await file.sync()
            }
            for (file, name) in zip(files, names) {
                #expect(try await file.read(at: 0, count: 99) == text("!" + name.dropFirst()))
            }
            #expect(try descriptors() <= 8)
        }
    }

    @Test("An idle file that is renamed, replaced or removed is the same file still")
    func names() throws {
        try run { machine in
            let files = try await make(machine, ["renamed", "replaced", "removed"])
            _ = try await make(machine, (0..<20).map { "other-\($0)" })
            try await machine.disk.remove("removed")
            try await machine.disk.rename("renamed", to: "replaced")
            _ = try await make(machine, ["removed"] + (20..<40).map { "other-\($0)" })
            for (file, bytes) in zip(files, ["renamed", "replaced", "removed"]) {
                #expect(try await file.read(at: 0, count: 99) == text(bytes))
            }
            try await files[2].write(text("gone"), at: 0)
            let anew = try await machine.disk.open("removed", .existing)
            #expect(try await anew.read(at: 0, count: 99) == text("removed"))
        }
    }

    @Test("Too many files with unsynced writes are over the limit rather than half synced")
    func unsynced() throws {
        try run { machine in
            var files: [any File] = []
            for number in 0..<12 {
                let file = try await machine.disk.open("file-\(number)", .new)
                try await file.write([UInt8(number)], at: 0)
                files.append(file)
            }
            #expect(try descriptors() == 12)
            for file in files { try await file.sync() }
            _ = try await make(machine, ["one more"])
            #expect(try descriptors() <= 12)
            for (number, file) in files.enumerated() {
                #expect(try await file.read(at: 0, count: 9) == [UInt8(number)])
            }
        }
    }
}
