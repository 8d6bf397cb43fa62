import Changelog
import Cluster
import Foundation

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
    private let file: FileHandle

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
        try file.seekToEnd()
    }

    func step(_ workload: Int, now: Int64) { write("step \(workload) \(now)\n") }

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

    private func write(_ line: String) { file.write(Data(line.utf8)) }

    /// What earlier lives wrote, by workload; a last line that was cut off is left out.
    func history() throws -> [Int: History] {
        var histories: [Int: History] = [:]
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let end = text.lastIndex(of: "\n") else { return [:] }
        for (position, line) in text[..<end].split(separator: "\n").enumerated() {
            let words = line.split(separator: " ").map(String.init)
            let numbers = words.compactMap { Int64($0) }
            switch (words.first, numbers.count) {
            case ("step", 2):
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
            return .acknowledged(
                TableWriter.Receipt(
                    bucket: BucketIdentifier(table: numbers[2], bucket: Int32(numbers[3])),
                    writer: numbers[4], sequence: Int32(numbers[5]),
                    acknowledgement: Acknowledgement(
                        baseOffset: numbers[6], endOffset: numbers[7],
                        leaderEpoch: Int32(numbers[8]))))
        default: throw malformed(line)
        }
    }

    private func malformed(_ line: Int) -> WorkbenchError {
        .unreadable(path: path, reason: "line \(line) is none of a ledger")
    }
}
