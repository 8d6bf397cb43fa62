import Foundation
import JSON
import RunReports
import Synchronization

/// The file of a hunt, a line a seed, written as the seeds end, so that a hunt can go on later.
final class HuntLog: Sendable {
    private let path: String
    private let file: FileHandle?
    private let problem = Mutex<OutputError?>(nil)

    /// Begins the file with what is known already; a device or a pipe gets all of it at the end.
    init(_ path: String, keeping known: [HuntReport.Seed]) throws {
        self.path = path
        let output = try OutputFile(path, .report)
        if output.isSpecial {
            file = nil
            return
        }
        try output.replace(known.map { $0.json.compact + "\n" }.joined())
        file = FileHandle(forUpdatingAtPath: path)
        try file?.seekToEnd()
    }

    func append(_ seed: HuntReport.Seed) {
        guard let file else { return }
        do {
            try writeAll(
                [UInt8]((seed.json.compact + "\n").utf8), to: file.fileDescriptor, path: path)
        } catch {
            let isFirst = problem.withLock { known in
                defer { known = known ?? error as? OutputError }
                return known == nil
            }
            if isFirst { say("\(error); the hunt goes on, and tries again at its end") }
        }
    }
}
