import ArgumentParser
import Foundation
import RunReports
import ScenarioFiles
import Workbench

/// One run on the real machine, and the same in the tank beside it.
struct HostSession {
    var scenario: Scenario
    var text: String
    var seed: UInt64
    /// Where everything of the run is; nil for a folder that is removed after a pass.
    var data: String?
    var isQuiet: Bool
    var reproduceCommand: String

    func run() throws -> TankSession.Result {
        let folder = try makeRunFolder()
        let before = processorSeconds()
        let machine: MachineRun
        do {
            machine = try MachineRun(
                scenario, text: text, seed: seed, folder: folder, program: Self.program,
                workloads: try loadWorkloads(scenario, seed: seed))
        } catch let error as ExitCode {
            throw error
        } catch {
            throw refusal("\(error)")
        }
        machine.isInterrupted = { Interruption.isRequested }
        if !isQuiet {
            let start = Date()
            let length = Double(scenario.length.components.seconds)
            machine.onProgress = { phase in
                let passed = Date().timeIntervalSince(start)
                ProgressLine.show(
                    "\(phase) on the machine", share: min(1, passed / length),
                    secondsLeft: max(0, length - passed))
            }
        }
        var report: RunReport
        do { report = try machine.run() } catch { throw refusal("\(error)") }
        if !Interruption.isRequested {
            report.comparison = machine.comparison(try loadWorkloads(scenario, seed: seed))
        }
        report.build = buildDescription
        report.cpuSeconds = processorSeconds() - before
        report.peakMemoryBytes = peakMemory()
        report.reproduceCommand = reproduceCommand
        if data == nil && report.verdict == .pass {
            try? FileManager.default.removeItem(atPath: folder)
        } else {
            report.notes.append("disks, objects and what each process said are in \(folder)")
        }
        return TankSession.Result(report: report, isInterrupted: Interruption.isRequested)
    }

    /// This program, wherever it was started from.
    private static var program: String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    }

    /// An empty folder of this run's own.
    private func makeRunFolder() throws -> String {
        let manager = FileManager.default
        if let data {
            try makeFolder(data)
            let path = URL(fileURLWithPath: data).standardizedFileURL.path
            if let first = try? manager.contentsOfDirectory(atPath: path).sorted().first {
                throw refusal("--data: \(data) holds '\(first)'; name an empty folder")
            }
            return path
        }
        let root = manager.temporaryDirectory.path
        let path = "\(root)/wavetank-host-\(ProcessInfo.processInfo.processIdentifier)"
        try makeFolder(path)
        return path
    }
}
