import Foundation
import JSON

/// Why a worker gave no answer.
struct WorkerEnded: Error {
    var reason: String
}

/// A run of this program in a process of its own, which answers with one JSON object: a trap in it
/// is a finding and no more.
struct WorkerProcess {
    var arguments: [String]
    /// Seconds after which it is stopped.
    var patience: Int
    /// Another wavetank to run; this one if nil.
    var binary: String?

    func answer() -> Result<JSONValue, WorkerEnded> {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary ?? "/proc/self/exe")
            .resolvingSymlinksInPath()
        process.arguments = arguments
        let (answer, words) = (Pipe(), Pipe())
        process.standardOutput = answer
        process.standardError = words
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch {
            return .failure(WorkerEnded(reason: "the worker did not start: \(error)"))
        }
        let identifier = process.processIdentifier
        let limit = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(patience), execute: limit)
        let data = answer.fileHandleForReading.readDataToEndOfFile()
        let said = String(decoding: words.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        limit.cancel()
        guard let json = try? JSONValue(parsing: [UInt8](data)) else {
            let status = process.terminationStatus
            return .failure(
                WorkerEnded(reason: "the worker ended with \(status): \(Self.cause(in: said))"))
        }
        return .success(json)
    }

    /// What a program that ended said of why: the trap and the first place of ours in its
    /// backtrace, if it has them, and else its last words.
    private static func cause(in said: String) -> String {
        let lines = said.split(separator: "\n")
        let traps = ["Fatal error", "runtime failure", "Program crashed"]
        guard let trap = lines.first(where: { line in traps.contains { line.contains($0) } })
        else { return lines.suffix(3).joined(separator: " ") }
        let what = trap.split(separator: " ").filter { $0 != "***" }.joined(separator: " ")
        let place = lines.lazy.compactMap { line in
            line.range(of: " in wavetank at ").flatMap {
                line[$0.upperBound...].range(of: "/Sources/")
            }
            .map { line[$0.lowerBound...].dropFirst() }
        }
        return what + (place.first.map { " at \($0)" } ?? "")
    }
}
