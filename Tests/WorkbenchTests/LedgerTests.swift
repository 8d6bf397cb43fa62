import Cluster
import Foundation
import Glibc
import Testing

@testable import Workbench

@Suite("Ledgers")
struct LedgerTests {
    private func path() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    }

    private static let outcomes: [TableWriter.Outcome] = [
        .acknowledged(
            TableWriter.Receipt(
                bucket: BucketIdentifier(table: 3, bucket: 1), writer: 17, sequence: 4,
                acknowledgement: Acknowledgement(baseOffset: 90, endOffset: 93, leaderEpoch: 2))),
        .unknown,
    ]

    @Test("What one life wrote the next one reads")
    func survives() throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let ledger = try Ledger(path: path)
        #expect(ledger.step(0, now: 1_767_225_600_000_000))
        ledger.done(0, change: 1, Self.outcomes[0])
        #expect(ledger.step(1, now: -5))
        ledger.done(1, change: 1, Self.outcomes[1])
        let history = try Ledger(path: path).history()
        #expect(history[0]?.steps == [1_767_225_600_000_000])
        #expect(history[0]?.outcomes == [1: Self.outcomes[0]])
        #expect(history[1]?.steps == [-5])
        #expect(history[1]?.outcomes == [1: .unknown])
    }

    @Test("A last line that the kill cut off is left out")
    func isCutOff() throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("step 0 12\ndone 0 1 acknow".utf8).write(to: URL(fileURLWithPath: path))
        let history = try Ledger(path: path).history()
        #expect(history[0]?.steps == [12])
        #expect(history[0]?.outcomes.isEmpty == true)
    }

    @Test("A line that is none of a ledger is named", arguments: ["step 0", "done 0 1 maybe", "x"])
    func isMalformed(line: String) throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("step 0 12\n\(line)\n".utf8).write(to: URL(fileURLWithPath: path))
        let ledger = try Ledger(path: path)
        #expect {
            _ = try ledger.history()
        } throws: { error in
            "\(error)".contains("line 2")
        }
    }

    @Test("After a line that was cut off the next one is whole")
    func goesOn() throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("step 0 12\ndone 0 1 acknow".utf8).write(to: URL(fileURLWithPath: path))
        let ledger = try Ledger(path: path)
        #expect(ledger.step(0, now: 13))
        #expect(try Ledger(path: path).history()[0]?.steps == [12, 13])
    }

    @Test("A full disk is said, and nothing is added to a line that may be cut off")
    func fullDisk() throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let ledger = try Ledger(path: path)
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        dup2(full.fileDescriptor, ledger.file.fileDescriptor)
        #expect(!ledger.step(0, now: 1))
        #expect(ledger.problem?.contains("No space left on device") == true)
    }

    @Test(
        "A number that no ledger has is refused",
        arguments: [
            "done 0 1 acknowledged 1 9999999999 1 1 1 1 1",
            "done 0 1 acknowledged 1 0 1 9999999999 1 1 1",
            "done 0 1 acknowledged 1 0 1 1 5 4 1", "step 0 9223372036854775807",
        ])
    func outOfRange(line: String) throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("\(line)\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: WorkbenchError.self) { _ = try Ledger(path: path).history() }
    }
}
