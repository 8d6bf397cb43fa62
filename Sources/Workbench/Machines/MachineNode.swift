import Glibc
public import Host
import Platform
public import ScenarioFiles
public import Server

/// One node of a scenario's cluster, as a process of its own on a run's folder.
///
/// What it has to say stands on standard output, a line each: `ready`, `probe NAME` where it takes
/// a rare path for the first time, `note SEVERITY TEXT`.
public final class MachineNode {
    /// What a process ends with whose node has ended itself.
    public static let haltCode: Int32 = 75

    private let node: NodeName
    private let world: HostWorld
    private let deployment: Deployment
    private var isHalted = false

    /// - Parameters:
    ///   - folder: An absolute path, that of the run.
    ///   - proxyPort: Where the others are called, if not at their own places.
    ///   - segmentByteCount: At which a server seals segments, if not where the scenario says.
    /// - Throws: `HostError` about the folder.
    public init(
        _ scenario: Scenario, _ node: NodeName, folder path: String, proxyPort: Int?,
        segmentByteCount: Int?
    ) throws(HostError) {
        self.node = node
        let folder = MachineFolder(path: path)
        var configuration = HostConfiguration(folder: folder.cluster)
        configuration.countersPath = folder.counts(of: node.description)
        let proxy = proxyPort.map { ServiceAddress(host: "127.0.0.1", port: $0) }
        world = try HostWorld(
            configuration, directory: FolderDirectory(folder: folder.places, proxy: proxy))
        deployment = Deployment(scenario.cluster, only: node)
        if let segmentByteCount {
            deployment.reconfigure(node, segmentByteCount: segmentByteCount)
        }
    }

    /// Runs until it is told to stop, or ends itself.
    ///
    /// - Returns: What the process should end with.
    public func run(isStopped: () -> Bool) -> Int32 {
        var known: Set<String> = []
        world.journal.onNote = { note in
            Self.say("note \(note.severity) \(note.machine): \(note.message)")
        }
        world.journal.onReached = { probe, _ in
            if known.insert(probe).inserted { Self.say("probe \(probe)") }
        }
        world.onHalt = { [unowned self] _ in isHalted = true }
        world.start(node.description) { try await self.deployment.run(self.node, on: $0) }
        Self.say("ready")
        while !isStopped() && !isHalted {
            _ = world.run(atMost: .milliseconds(200)) { [unowned self] in isHalted }
        }
        if isHalted {
            world.shutDown()
            return Self.haltCode
        }
        world.leave()
        world.shutDown()
        return 0
    }

    private static func say(_ line: String) {
        let bytes = Array((line.replacing("\n", with: " ") + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
}

extension Deployment {
    /// One node of the cluster that a scenario describes.
    convenience init(_ layout: ClusterLayout, only node: NodeName) {
        self.init([node], layout.configuration)
        serverCount = layout.servers
    }
}
