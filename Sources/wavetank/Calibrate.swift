import ArgumentParser
import Foundation
import RunReports
import Workbench

/// `wavetank calibrate`.
struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what this machine's disk, network and services take.",
        discussion: """
            Writes a cost model: how long reads, writes, syncs, names, messages, and requests to \
            the object store, the coordination service and the lake catalog take, as they do for \
            the engine when it serves from a folder, and the bandwidths. A scenario names the file \
            (costs: machine.yaml), or run does (--costs machine.yaml); the tank then takes these \
            times in place of its own. It takes about half a minute on a disk that syncs in \
            milliseconds. What else runs on the machine is measured with it.
            """)

    @Option(
        help: "The folder on whose file system is measured; what is made there is removed again.",
        completion: .directory)
    var data = FileManager.default.temporaryDirectory.path

    @Option(help: "The file to write; standard output if not given.", completion: .file())
    var output: String?

    @Flag(help: "Print no progress.")
    var quiet = false

    func run() throws {
        if let output, FileManager.default.fileExists(atPath: output) {
            let known = try readInputText(output)
            if !known.contains("wavetank calibrate") {
                throw refusal("\(output) is there, and was not written by wavetank calibrate")
            }
        }
        try makeFolder(data)
        let root = URL(fileURLWithPath: data).standardizedFileURL.path
        let folder = "\(root)/wavetank-calibration-\(ProcessInfo.processInfo.processIdentifier)"
        try makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text: String
        do {
            let calibration = try Calibration(folder: folder)
            if !quiet { calibration.onProgress = { say("measuring: \($0)") } }
            text = try calibration.run()
        } catch {
            throw refusal("\(error)")
        }
        guard let output else {
            try show(text)
            return
        }
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: output)) } catch {
            throw refusal("\(output) cannot be written")
        }
        say("the cost model is \(output): name it with run --costs \(output.shellQuoted)")
    }
}
