import Glibc
import Host
import ScenarioFiles
import Server

/// The processes of a run's nodes: started, killed and made to stand still, each by its own
/// identifier.
final class MachineCluster {
    /// Something that a node's process said, or that became of it.
    enum Event {
        case note(severity: String, text: String)
        case probe(String)
        /// It ended, and nobody had killed it.
        case ended(HostProcess.Ending, lastWords: String)
    }

    private struct Member {
        var process: HostProcess?
        var isPaused = false
        /// How far its log was read, and what stood there last.
        var position = 0
        var lastWords = ""
        var segmentByteCount: Int?
        var lives = 0
    }

    private let folder: MachineFolder
    private let program: String
    private let proxyPort: Int?
    private var members: [NodeName: Member] = [:]
    let nodes: [NodeName]

    init(_ nodes: [NodeName], _ folder: MachineFolder, program: String, proxyPort: Int?) {
        self.nodes = nodes
        self.folder = folder
        self.program = program
        self.proxyPort = proxyPort
        for node in nodes { members[node] = Member() }
    }

    func isRunning(_ node: NodeName) -> Bool { members[node]?.process != nil }

    /// Whether it runs and does not stand still.
    func isWell(_ node: NodeName) -> Bool { isRunning(node) && members[node]?.isPaused == false }

    func start(_ node: NodeName) throws(HostError) {
        guard var member = members[node], member.process == nil else { return }
        var arguments = [
            "machine-node", "--folder", folder.path, "--node", node.description, "--parent",
            String(getpid()),
        ]
        if let proxyPort { arguments += ["--proxy", String(proxyPort)] }
        if let size = member.segmentByteCount { arguments += ["--segment-bytes", String(size)] }
        member.process = try HostProcess(program, arguments, log: folder.log(of: node.description))
        member.isPaused = false
        member.lives += 1
        members[node] = member
    }

    /// Kills a process, as `kill -9` does.
    func kill(_ node: NodeName) {
        members[node]?.process?.end()
        members[node]?.process = nil
    }

    func killAll() {
        // All at once, so that none sees another end.
        for node in nodes { members[node]?.process?.signal(SIGKILL) }
        for node in nodes { kill(node) }
    }

    func pause(_ node: NodeName) {
        members[node]?.process?.signal(SIGSTOP)
        members[node]?.isPaused = true
    }

    func resume(_ node: NodeName) {
        members[node]?.process?.signal(SIGCONT)
        members[node]?.isPaused = false
    }

    /// Has a server seal segments at another size in its next lives.
    func reconfigure(_ node: NodeName, segmentByteCount: Int) {
        members[node]?.segmentByteCount = segmentByteCount
    }

    /// How often processes were started.
    var lives: Int { members.values.reduce(0) { $0 + $1.lives } }

    /// What happened since this was asked last, in the order of nodes.
    func events() -> [(node: NodeName, event: Event)] {
        var found: [(node: NodeName, event: Event)] = []
        for node in nodes {
            found += readLog(of: node).map { (node, $0) }
            guard let process = members[node]?.process, !process.isRunning else { continue }
            found += readLog(of: node).map { (node, $0) }
            members[node]?.process = nil
            found.append(
                (node, .ended(process.ending!, lastWords: members[node]?.lastWords ?? "")))
        }
        return found
    }

    private func readLog(of node: NodeName) -> [Event] {
        guard let member = members[node],
            let text = textFile(folder.log(of: node.description), from: member.position),
            let end = text.lastIndex(of: UInt8(ascii: "\n"))
        else { return [] }
        members[node]?.position += end + 1
        let lines = String(decoding: text[..<end], as: UTF8.self).split(separator: "\n")
        return lines.compactMap { line -> Event? in
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            if words.first == "probe" { return .probe(String(line.dropFirst("probe ".count))) }
            if words.first == "note", words.count == 3 {
                return .note(severity: words[1], text: words[2])
            }
            if line != "ready", members[node]!.lastWords.isEmpty || isTrap(line) {
                members[node]?.lastWords = String(line.prefix(300))
            }
            return nil
        }
    }

    private func isTrap(_ line: Substring) -> Bool {
        line.contains("Fatal error") || line.contains("runtime failure")
    }
}

/// The bytes of a file from a place on, a megabyte of them at most; nil if there are none.
private func textFile(_ path: String, from position: Int) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { return nil }
    defer { close(file) }
    let limit = 1 << 20
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        count = max(0, pread(file, buffer.baseAddress, limit, position))
    }
    return bytes.isEmpty ? nil : bytes
}
