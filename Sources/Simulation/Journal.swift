public import Platform

/// What the machines told: notes by severity, probes reached, sites disturbed.
public final class Journal {
    public struct Note: Sendable {
        public var nanoseconds: Int64
        public var node: String
        public var severity: Severity
        public var message: String
    }

    /// Places for defects after the notes have reached their limit.
    public static let errorReserve = 1000

    /// Notes of at least this severity are kept, up to `noteLimit`; defects for a while longer.
    public var threshold = Severity.warning
    public var noteLimit = 10_000
    public private(set) var notes: [Note] = []
    public private(set) var errorCount = 0
    /// Called for every note that is kept.
    public var onNote: ((Note) -> Void)?
    /// Called for every probe that is reached, with the node's name.
    public var onProbe: ((String, String) -> Void)?
    /// Whether `shouldDisturb` ever answers true.
    public var disturbs = false

    unowned var world: SimulationWorld!
    private var counts: [String: Int] = [:]
    private var activeSites: [String: Bool] = [:]
    private let seed: UInt64
    private let random: RandomStream

    init(seed: UInt64, _ epoch: RandomEpoch) {
        self.seed = seed
        random = RandomStream(seed: seed, label: "disturb", epoch: epoch)
    }

    /// All probes reached, by name.
    public var probes: [(name: String, count: Int)] {
        counts.keys.sorted().map { ($0, counts[$0]!) }
    }

    func reached(_ probe: String, node: Int32) {
        counts[probe, default: 0] += 1
        world.record(.probe, node: node, hashOfBytes(probe.utf8), 0, probe)
        onProbe?(probe, node < 0 ? "" : world.nodes[Int(node)].name)
    }

    func note(_ severity: Severity, node: Int32, _ message: @autoclosure () -> String) {
        if severity == .error { errorCount += 1 }
        if severity < threshold { return }
        let text = message()
        world.record(.note, node: node, hashOfBytes(text.utf8), 0, text)
        let limit = severity == .error ? noteLimit + Self.errorReserve : noteLimit
        if notes.count >= limit { return }
        let name = node < 0 ? "world" : world.nodes[Int(node)].name
        let note = Note(
            nanoseconds: world.nanoseconds, node: name, severity: severity, message: text)
        notes.append(note)
        onNote?(note)
    }

    /// A quarter of the sites are active in a run, and an active one fires a quarter of the time,
    /// as FoundationDB's BUGGIFY does.
    func shouldDisturb(_ name: StaticString) -> Bool {
        if !disturbs { return false }
        let site = name.description
        let isActive: Bool
        if let known = activeSites[site] {
            isActive = known
        } else {
            isActive = RandomStream(seed: seed, label: "site \(site)").chance(1, in: 4)
            activeSites[site] = isActive
        }
        return isActive && random.chance(1, in: 4)
    }
}

/// One machine's way into the journal.
final class SimulatedObserver: Observer {
    private let journal: Journal
    private let node: Int32

    init(_ journal: Journal, node: Int32) {
        self.journal = journal
        self.node = node
    }

    func reached(_ probe: StaticString) { journal.reached(probe.description, node: node) }

    func note(_ severity: Severity, _ message: @autoclosure () -> String) {
        journal.note(severity, node: node, message())
    }

    func shouldDisturb(_ site: StaticString) -> Bool { journal.shouldDisturb(site) }
}
