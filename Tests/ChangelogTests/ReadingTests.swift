import Platform
import Simulation
import TestSupport
import Testing

@testable import Changelog

@Suite("Reading past lost sectors")
struct ReadingTests {
    private static let name = "logs/1/0/checkpoint"

    /// Files of one sector and of several, all durable.
    private func fill(_ machine: Machine, others: Int) async throws {
        for folder in ["logs", "logs/1", "logs/1/0"] {
            try await machine.disk.createDirectory(folder)
        }
        let bytes = [UInt8](repeating: 7, count: 100)
        try await machine.disk.writeFile(bytes, to: Self.name)
        for number in 0..<others {
            let bytes = [UInt8](repeating: 8, count: 2000)
            try await machine.disk.writeFile(bytes, to: "logs/1/0/\(number).log")
        }
        // An empty file is no witness.
        try await machine.disk.writeFile([], to: "logs/1/0/0.empty")
    }

    @Test("A sector that is lost comes as zeros, and is told with its place")
    func lost() throws {
        try inWorld { machine, world in
            try await fill(machine, others: 1)
            #expect(world.loseSector(machine.name, inPathContaining: "checkpoint"))
            let bytes = try await machine.readFile(Self.name)
            #expect(bytes == [UInt8](repeating: 0, count: 100))

            #expect(world.loseSector(machine.name, inPathContaining: ".log"))
            let file = try await machine.disk.open("logs/1/0/0.log", .existing)
            let (read, lost) = try await machine.readTellingLost(file, at: 300, count: 5000)
            #expect(read.count == 1700 && lost.count <= 1)
            for range in lost {
                let isInside = { (position: Int) in range.contains(300 + Int64(position)) }
                for (position, byte) in read.enumerated() {
                    #expect(byte == (isInside(position) ? 0 : 8))
                }
            }
        }
    }

    @Test("Where nothing can be read, it is the disk: nothing is taken for damaged")
    func mute() throws {
        try inWorld { machine, world in
            try await fill(machine, others: 3)
            var faults = DiskFaults()
            faults.failingReadsPerMillion = 1_000_000
            world.setDiskFaults(machine.name, faults)
            await #expect(throws: DiskError.inputOutput(path: Self.name, operation: "read")) {
                _ = try await machine.readFile(Self.name)
            }
            world.setDiskFaults(machine.name, DiskFaults())
            let bytes = try await machine.readFile(Self.name)
            #expect(bytes == [UInt8](repeating: 7, count: 100))
        }
    }

    @Test("A file that is alone on its disk has no witness")
    func alone() throws {
        try inWorld { machine, world in
            try await fill(machine, others: 0)
            #expect(world.loseSector(machine.name, inPathContaining: "checkpoint"))
            await #expect(throws: DiskError.self) { _ = try await machine.readFile(Self.name) }
        }
    }
}
