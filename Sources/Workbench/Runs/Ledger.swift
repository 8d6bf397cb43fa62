import Changelog
import Cluster
import Foundation
import Glibc

/// What workloads sent and were told, written to a file at once: it outlives the kill of the
/// process.
///
/// One line for each step of a workload, before its changes are sent, and one for each outcome:
///
///     step WORKLOAD NOW               what to call `Workload.next` with to have the step again
///     done WORKLOAD CHANGE OUTCOME    the change's number, and `refused`, `unknown` or
///                                     `acknowledged TABLE BUCKET WRITER SEQUENCE BASE END EPOCH`
final class Ledger {
    struct History {
        /// The times of the steps, in order.
        var steps: [Int64] = []
        /// What is known of each change, by its number from 1.
        var outcomes: [Int: TableWriter.Outcome] = [:]
    }

    private let path: String
    let file: FileHandle
    /// Why nothing can be written any more; nil as long as all was.
    private(set) var problem: String?

    /// Opens the ledger; a last line that was cut off is taken away, so that the next one is whole.
    init(path: String) throws {
        self.path = path
        let manager = FileManager.default
        if !manager.fileExists(atPath: path) {
            _ = manager.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forUpdatingAtPath: path) else {
            throw WorkbenchError.unreadable(path: path, reason: "it cannot be opened for writing")
        }
        self.file = file
        do {
            let data = try file.readToEnd() ?? Data()
            let end = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if end < data.count { try file.truncate(atOffset: UInt64(end)) }
            try file.seekToEnd()
        } catch {
            throw WorkbenchError.unreadable(path: path, reason: "it cannot be read to its end")
        }
    }

    /// False if the step could not be written: it must not be taken then.
    func step(_ workload: Int, now: Int64) -> Bool {
        write("step \(workload) \(now)\n")
        return problem == nil
    }

    func done(_ workload: Int, change: Int, _ outcome: TableWriter.Outcome) {
        switch outcome {
        case .refused: write("done \(workload) \(change) refused\n")
        case .unknown: write("done \(workload) \(change) unknown\n")
        case .acknowledged(let receipt):
            let told = receipt.acknowledgement
            write(
                "done \(workload) \(change) acknowledged \(receipt.bucket.table) "
                    + "\(receipt.bucket.bucket) \(receipt.writer) \(receipt.sequence) "
                    + "\(told.baseOffset) \(told.endOffset) \(told.leaderEpoch)\n")
        }
    }

    private func write(_ line: String) {
        // After a line that may be cut off, another one would be read as a part of it.
        if problem != nil { return }
        let bytes = Array(line.utf8)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.write(file.fileDescriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                problem = "\(path) cannot be written: \(String(cString: strerror(errno)))"
                return
            }
            start += count
        }
    }

    /// What earlier lives wrote, by workload; a last line that was cut off is left out.
    func history() throws -> [Int: History] {
        var histories: [Int: History] = [:]
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else { throw WorkbenchError.unreadable(path: path, reason: "it is not text") }
        guard let end = text.lastIndex(of: "\n") else { return [:] }
        for (position, line) in text[..<end].split(separator: "\n").enumerated() {
            let words = line.split(separator: " ").map(String.init)
            let numbers = words.compactMap { Int64($0) }
            switch (words.first, numbers.count) {
            case ("step", 2) where numbers[1].magnitude < 1 << 60:
                histories[Int(numbers[0]), default: History()].steps.append(numbers[1])
            case ("done", 2...) where words.count > 3:
                histories[Int(numbers[0]), default: History()].outcomes[Int(numbers[1])] =
                    try outcome(words[3], numbers, line: position + 1)
            default: throw malformed(position + 1)
            }
        }
        return histories
    }

    private func outcome(
        _ word: String, _ numbers: [Int64], line: Int
    ) throws -> TableWriter.Outcome {
        switch (word, numbers.count) {
        case ("refused", 2): return .refused(.invalidRequest(reason: "as the ledger has it"))
        case ("unknown", 2): return .unknown
        case ("acknowledged", 9):
            guard let bucket = Int32(exactly: numbers[3]), bucket >= 0,
                let sequence = Int32(exactly: numbers[5]),
                let epoch = Int32(exactly: numbers[8]), numbers[6] >= 0,
                numbers[6] <= numbers[7]
            else { throw malformed(line) }
            return .acknowledged(
                TableWriter.Receipt(
                    bucket: BucketIdentifier(table: numbers[2], bucket: bucket),
                    writer: numbers[4], sequence: sequence,
                    acknowledgement: Acknowledgement(
                        baseOffset: numbers[6], endOffset: numbers[7], leaderEpoch: epoch)))
        default: throw malformed(line)
        }
    }

    private func malformed(_ line: Int) -> WorkbenchError {
        .unreadable(path: path, reason: "line \(line) is damaged")
    }
}
