import Foundation
import JSON
import RunReports
import Synchronization

/// Why a worker gave no answer.
struct WorkerEnded: Error {
    var incident: Incident
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

    /// Where the time of workers is watched, whatever else keeps the other threads busy.
    private static let watch = DispatchQueue(label: "patience")

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
            return .failure(
                WorkerEnded(
                    incident: .refused,
                    reason: "\(binary ?? "the worker") cannot be started: no such program, or "
                        + "no right to run it"))
        }
        let identifier = process.processIdentifier
        Interruption.add(identifier)
        defer { Interruption.remove(identifier) }
        let isLate = SharedFlag()
        let limit = DispatchWorkItem {
            isLate.set()
            kill(identifier, SIGKILL)
        }
        Self.watch.asyncAfter(deadline: .now() + .seconds(patience), execute: limit)
        // Both are read at once: a long backtrace must not block the worker before its answer.
        let said = LastWords(words.fileHandleForReading)
        let data = answer.fileHandleForReading.readDataToEndOfFile()
        let text = said.text
        process.waitUntilExit()
        limit.cancel()
        if let json = try? JSONValue(parsing: [UInt8](data)) { return .success(json) }
        if isLate.isSet {
            return .failure(
                WorkerEnded(incident: .timeout, reason: "stopped after \(patience) s (--patience)"))
        }
        return .failure(Self.ending(of: process, text))
    }

    private static func ending(of process: Process, _ said: String) -> WorkerEnded {
        let status = process.terminationStatus
        if process.terminationReason == .uncaughtSignal {
            // Who kills with 9 and is not this program is mostly the kernel.
            let hint = status == SIGKILL ? ", as when memory runs out" : ""
            return WorkerEnded(
                incident: .crash, reason: "ended by signal \(status)\(hint): \(cause(in: said))")
        }
        if status == 3 || status == 64 {
            return WorkerEnded(incident: .refused, reason: cause(in: said))
        }
        return WorkerEnded(
            incident: .crash, reason: "the worker ended with \(status): \(cause(in: said))")
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

/// Something that happened, seen by several threads.
private final class SharedFlag: Sendable {
    private let value = Atomic<Bool>(false)

    func set() { value.store(true, ordering: .relaxed) }
    var isSet: Bool { value.load(ordering: .relaxed) }
}

/// What a process writes to standard error, read as it comes; of a long text the beginning.
private final class LastWords: Sendable {
    private let words = Mutex(Data())
    private let group = DispatchGroup()

    init(_ handle: FileHandle) {
        group.enter()
        Thread.detachNewThread { [self] in
            while case let data = handle.availableData, !data.isEmpty {
                words.withLock { if $0.count < 1 << 20 { $0 += data } }
            }
            group.leave()
        }
    }

    var text: String {
        group.wait()
        return words.withLock { String(decoding: $0, as: UTF8.self) }
    }
}
