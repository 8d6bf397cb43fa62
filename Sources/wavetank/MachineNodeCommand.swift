import ArgumentParser
import Foundation
import Host
import ScenarioFiles
import Server
import Workbench

/// `wavetank machine-node`: one node of a run on the machine, which `run --host` starts.
struct MachineNodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine-node",
        abstract: "Run one node of a run on the machine; run --host starts these.",
        shouldDisplay: false)

    @Option(help: .hidden) var folder: String
    @Option(help: .hidden) var node: String
    @Option(help: .hidden) var parent: Int32
    @Option(help: .hidden) var proxy: Int?
    @Option(help: .hidden) var segmentBytes: Int?

    func run() throws {
        if !endWithParent(parent) { throw ExitCode(3) }
        Interruption.handle { _ in }
        guard let name = NodeName(node) else { throw refusal("'\(node)' is no node") }
        let (scenario, _) = try loadScenario("\(folder)/scenario.yaml")
        let machine: MachineNode
        do {
            machine = try MachineNode(
                scenario, name, folder: folder, proxyPort: proxy, segmentByteCount: segmentBytes)
        } catch {
            throw refusal("\(error)")
        }
        let code = machine.run { Interruption.isRequested }
        throw ExitCode(code)
    }
}
