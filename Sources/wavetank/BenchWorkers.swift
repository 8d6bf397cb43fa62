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
    var session = try TankSession(scenario, text: text, seed: of.seed, quiet: true)
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
    let data = try readInput(path)
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
        Interruption.handle()
        let prices = try readPrices(selection.prices)
        let progress = Mutex(BenchProgress(cases))
        DispatchQueue.concurrentPerform(iterations: min(selection.jobs, cases.count)) { _ in
            while let position = progress.withLock({ $0.take() }) {
                let result = one(cases[position])
                if Interruption.isRequested { return }
                progress.withLock { $0.done(cases[position], result) }
            }
        }
        let results = progress.withLock { $0.results }
        let tank = BenchTank(
            prices: prices.source,
            libraries: Compression.libraryVersions.map {
                LibraryVersion(name: $0.name, version: $0.version)
            },
            runs: results.map { told($0.0, $0.1) })
        let wall = BenchWall(
            machine: machineDescription, build: buildDescription,
            runs: results.compactMap { try? $0.1.get().wall })
        return BenchReport(tank: tank, wall: wall)
    }

    /// Measures one case in many configurations.
    func whatIf(
        title: String, axes: [WhatIfReport.Axis], choices: [[String]],
        _ work: [(of: BenchCase, settings: [ScenarioSetting])]
    ) throws -> WhatIfReport {
        Interruption.handle()
        let prices = try readPrices(selection.prices)
        let runs = Mutex([BenchTank.Run?](repeating: nil, count: work.count))
        let next = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: min(selection.jobs, work.count)) { _ in
            while true {
                let position = next.withLock { taken in
                    defer { taken += 1 }
                    return taken
                }
                if position >= work.count { return }
                if Interruption.isRequested { return }
                let run = told(work[position].of, one(work[position].of, work[position].settings))
                let name = work[position].settings.map(\.description).joined(separator: " ")
                say("\(name): \(run.verdict.rawValue)")
                runs.withLock { $0[position] = run }
            }
        }
        let cells = zip(choices, runs.withLock { $0 }).compactMap { values, run in
            run.map { WhatIfReport.Cell(values: values, run: $0) }
        }
        return WhatIfReport(title: title, prices: prices.source, axes: axes, cells: cells)
    }

    /// What is told of a case whose worker may have ended without an answer.
    private func told(
        _ of: BenchCase, _ outcome: Result<(tank: BenchTank.Run, wall: BenchWall.Run), WorkerEnded>
    ) -> BenchTank.Run {
        switch outcome {
        case .success(let measured): measured.tank
        case .failure(let ended):
            BenchTank.Run(
                of: of, title: of.name, verdict: ended.incident == .timeout ? .inconclusive : .fail,
                reason: ended.reason, traceHash: "",
                figures: [], limits: [])
        }
    }

    private func one(
        _ of: BenchCase, _ settings: [ScenarioSetting] = []
    ) -> Result<(tank: BenchTank.Run, wall: BenchWall.Run), WorkerEnded> {
        let worker = WorkerProcess(
            arguments: [
                "bench", "one", of.scenario, "--size", of.size, "--faults", of.faults, "--seed",
                "\(of.seed)", "--prices", selection.prices,
            ] + settings.flatMap { ["--set", $0.description] }, patience: selection.patience)
        return worker.answer().flatMap { json in
            do {
                let root = JSONField(value: json, path: "")
                return .success(
                    (
                        try BenchTank.Run(json: try root.required("tank")),
                        try BenchWall.Run(json: try root.required("wall"))
                    ))
            } catch {
                return .failure(
                    WorkerEnded(
                        incident: .crash, reason: "the worker's answer cannot be read: \(error)"))
            }
        }
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
