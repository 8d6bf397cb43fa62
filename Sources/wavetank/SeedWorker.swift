import RunReports

/// Runs a scenario under a seed in a process of its own.
struct SeedWorker {
    /// Seconds after which a worker is stopped.
    var patience: Int
    /// Whether a failure is written to a file.
    var savesFailures = true
    /// Another wavetank to run; this one if nil.
    var binary: String?

    /// `path` replaces the name of the file in what is reported and read beside it.
    func run(
        _ scenario: String, seed: UInt64, seconds: Int? = nil, path: String? = nil,
        extra: [String] = []
    ) -> HuntReport.Seed {
        var changing = ["--seed", "\(seed)"]
        if let seconds { changing += ["--seconds", "\(seconds)"] }
        changing += extra
        var arguments = ["run", scenario] + changing + ["--json", "--quiet"]
        if !savesFailures { arguments.append("--no-save") }
        if let path { arguments += ["--path", path] }
        let worker = WorkerProcess(arguments: arguments, patience: patience, binary: binary)
        var result = HuntReport.Seed(scenario: path ?? scenario, seed: seed, report: nil)
        result.command =
            "ci/wavetank run " + ([scenario] + changing).map(\.shellQuoted).joined(separator: " ")
        do {
            result.report = try RunReport(json: try worker.answer().get())
        } catch let ended as WorkerEnded {
            result.incident = ended.incident
            result.lastWords = ended.reason
        } catch {
            result.lastWords = "the worker's answer cannot be read: \(error)"
        }
        return result
    }
}
