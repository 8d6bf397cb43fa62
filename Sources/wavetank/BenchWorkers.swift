import ArgumentParser
import Columnar
import Foundation
import JSON
import RunReports
import ScenarioFiles
import Simulation
import Synchronization
import Workbench

/// Runs one scenario in this process and takes both kinds of figures.
func measure(
    _ scenario: Scenario, text: String, limits: [BenchOptions.Limit], of: BenchCase,
    prices: BenchPrices
) throws -> (tank: BenchTank.Run, wall: BenchWall.Run) {
    let before = processorSeconds()
    let sum = referenceLoop()
    let reference = processorSeconds() - before
    precondition(sum != 0, "the reference loop was left out")
    var session = TankSession(scenario, text: text, seed: of.seed, quiet: true)
    session.prices = prices
    let result = try session.run()
    let tank = BenchTank.Run(
        of: of, title: scenario.title, verdict: result.report.verdict,
        reason: result.report.reason, traceHash: result.report.traceHash,
        figures: result.figures,
        limits: limits.map {
            BenchTank.Limit(name: $0.name.rawValue, partsPerMillion: $0.partsPerMillion)
        })
    let wall = BenchWall.Run(
        of: of, cpuSeconds: result.report.cpuSeconds,
        peakMemoryBytes: result.report.peakMemoryBytes,
        simulatedSeconds: result.report.simulatedSeconds,
        steps: result.world?.stepCount ?? 0, requests: tank["network.frames"] ?? 0,
        referenceSeconds: reference)
    return (tank, wall)
}

/// Reads the settings file of list prices.
func readPrices(_ path: String) throws -> BenchPrices {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw refusal("\(path): cannot be read; --prices names the file of list prices")
    }
    do {
        return try BenchPrices(json: try JSONValue(parsing: [UInt8](data)))
    } catch {
        throw refusal("\(path): \(error)")
    }
}

/// Measures many cases, each in a process of its own: neither their number nor their order changes
/// an exact figure.
struct BenchWorkers {
    private let selection: BenchSelection

    init(_ selection: BenchSelection) { self.selection = selection }

    func measure(_ cases: [BenchCase]) throws -> BenchReport {
        let prices = try readPrices(selection.prices)
        let progress = Mutex(BenchProgress(cases))
        DispatchQueue.concurrentPerform(iterations: min(selection.jobs, cases.count)) { _ in
            while let position = progress.withLock({ $0.take() }) {
                let result = one(cases[position])
                progress.withLock { $0.done(cases[position], result) }
            }
        }
        let results = progress.withLock { $0.results }
        let tank = BenchTank(
            prices: prices.source,
            libraries: Compression.libraryVersions.map {
                LibraryVersion(name: $0.name, version: $0.version)
            },
            runs: results.map { of, result in
                switch result {
                case .success(let measured): measured.tank
                case .failure(let ended):
                    BenchTank.Run(
                        of: of, title: of.name, verdict: .fail, reason: ended.reason,
                        traceHash: "", figures: [], limits: [])
                }
            })
        let wall = BenchWall(
            machine: machineDescription, build: buildDescription,
            runs: results.compactMap { try? $0.1.get().wall })
        return BenchReport(tank: tank, wall: wall)
    }

    private func one(
        _ of: BenchCase
    ) -> Result<(tank: BenchTank.Run, wall: BenchWall.Run), WorkerEnded> {
        let worker = WorkerProcess(
            arguments: [
                "bench", "one", of.scenario, "--size", of.size, "--sea", of.sea, "--seed",
                "\(of.seed)", "--prices", selection.prices,
            ], patience: selection.patience)
        return worker.answer().flatMap { json in
            do {
                let root = JSONField(value: json, path: "")
                return .success(
                    (
                        try BenchTank.Run(json: try root.required("tank")),
                        try BenchWall.Run(json: try root.required("wall"))
                    ))
            } catch {
                return .failure(WorkerEnded(reason: "the worker's answer cannot be read: \(error)"))
            }
        }
    }
}

/// Why a worker gave no answer.
struct WorkerEnded: Error {
    var reason: String
}

/// A run of this program in a process of its own, which answers with one JSON object.
struct WorkerProcess {
    var arguments: [String]
    /// Seconds after which it is stopped.
    var patience: Int

    func answer() -> Result<JSONValue, WorkerEnded> {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
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
            let last = said.split(separator: "\n").suffix(3).joined(separator: " ")
            return .failure(
                WorkerEnded(reason: "the worker ended with \(process.terminationStatus): \(last)"))
        }
        return .success(json)
    }
}

/// Which cases are taken and what came of those that ended.
private struct BenchProgress {
    typealias Outcome = Result<(tank: BenchTank.Run, wall: BenchWall.Run), WorkerEnded>

    private(set) var results: [(BenchCase, Outcome)] = []
    private let total: Int
    private var next = 0

    init(_ cases: [BenchCase]) { total = cases.count }

    mutating func take() -> Int? {
        if next >= total { return nil }
        next += 1
        return next - 1
    }

    mutating func done(_ of: BenchCase, _ outcome: Outcome) {
        results.append((of, outcome))
        let word =
            switch outcome {
            case .success(let measured):
                String(
                    format: "%@, %.1f s of one core", measured.tank.verdict.rawValue,
                    measured.wall.cpuSeconds)
            case .failure(let ended): ended.reason
            }
        say("\(results.count) of \(total): \(of): \(word)")
    }
}

/// The processor's name and how many cores may be used.
var machineDescription: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":", maxSplits: 1).last.map {
        $0.trimmingCharacters(in: .whitespaces)
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return "\(name ?? "unknown processor"), \(cores) cores"
}
