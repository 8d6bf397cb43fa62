public import Platform

/// What the machines of a world told: notes handed on, defects and probes counted.
public final class HostJournal {
    public struct Note: Sendable {
        public var timestamp: Timestamp
        /// Empty for the world itself.
        public var machine: String
        public var severity: Severity
        public var message: String
    }

    /// Notes below this severity are not even put together.
    public var threshold = Severity.information
    /// Called for each note from `threshold` on, on the world's thread.
    public var onNote: ((Note) -> Void)?
    /// Called for each rare path that a machine takes, on the world's thread.
    public var onReached: ((_ probe: String, _ machine: String) -> Void)?
    /// Notes of severity `.error`.
    public private(set) var errorCount = 0
    private var counts: [String: Int] = [:]

    init() {}

    /// All probes reached, by name.
    public var probes: [(name: String, count: Int)] {
        counts.keys.sorted().map { ($0, counts[$0]!) }
    }

    func reached(_ probe: String, on machine: String) {
        counts[probe, default: 0] += 1
        onReached?(probe, machine)
    }

    func note(_ severity: Severity, machine: String, _ message: @autoclosure () -> String) {
        if severity == .error { errorCount += 1 }
        guard severity >= threshold, let onNote else { return }
        onNote(
            Note(
                timestamp: Timestamp(
                    millisecondsSinceEpoch: HostClock.wallNanoseconds / 1_000_000),
                machine: machine, severity: severity, message: message()))
    }
}

/// One machine's way into the journal.
final class HostObserver: Observer {
    private let journal: HostJournal
    private let machine: String

    init(_ journal: HostJournal, machine: String) {
        self.journal = journal
        self.machine = machine
    }

    func reached(_ probe: StaticString) { journal.reached(probe.description, on: machine) }

    func note(_ severity: Severity, _ message: @autoclosure () -> String) {
        journal.note(severity, machine: machine, message())
    }

    func shouldDisturb(_ site: StaticString) -> Bool { false }
}
