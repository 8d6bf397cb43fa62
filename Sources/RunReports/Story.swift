/// What led to a violation, in order: what each node did, which fault struck, where the record was.
public struct Story: Sendable, Hashable {
    public struct Event: Sendable, Hashable {
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            case fault, node, leadership, record, lake, client, note, probe, violation
        }

        public var atSeconds: Double
        /// The node it happened on; empty for the cluster as a whole.
        public var node: String
        /// The node it came from, where something passed between two.
        public var from: String
        public var kind: Kind
        public var text: String

        public init(
            atSeconds: Double, node: String = "", from: String = "", kind: Kind, text: String
        ) {
            self.atSeconds = atSeconds
            self.node = node
            self.from = from
            self.kind = kind
            self.text = text
        }
    }

    public var title: String
    public var scenario: String
    public var seed: UInt64
    public var traceHash: String
    /// The oracle and what it saw.
    public var oracle: String
    public var violation: String
    public var violatedAtSeconds: Double
    /// The table, bucket and record that are followed, in words; empty if none is named.
    public var subject: String
    /// Columns of the picture.
    public var nodes: [String]
    public var events: [Event]
    public var reproduceCommand: String
    /// Since when it could not be helped, where that was asked for.
    public var noReturn: NoReturnCurve?

    public init(
        title: String, scenario: String, seed: UInt64, traceHash: String, oracle: String,
        violation: String, violatedAtSeconds: Double, subject: String, nodes: [String],
        events: [Event], reproduceCommand: String
    ) {
        self.title = title
        self.scenario = scenario
        self.seed = seed
        self.traceHash = traceHash
        self.oracle = oracle
        self.violation = violation
        self.violatedAtSeconds = violatedAtSeconds
        self.subject = subject
        self.nodes = nodes
        self.events = events
        self.reproduceCommand = reproduceCommand
    }

    /// Without what is told again and again: of events that differ only in numbers the first of a
    /// run of them stays, with how many followed.
    public func condensed() -> Story {
        var story = self
        story.events = []
        var counts: [Int] = []
        var last: [String: Int] = [:]
        for event in events {
            let key = "\(event.node)|\(event.kind.rawValue)|\(event.text.causeText)"
            let isRepeatable = [.note, .probe, .violation].contains(event.kind)
            if isRepeatable, let position = last[key], counts[position] > 0 {
                counts[position] += 1
                continue
            }
            if isRepeatable { last[key] = story.events.count }
            story.events.append(event)
            counts.append(isRepeatable ? 1 : 0)
            // A change of what is going on makes repetition worth telling again.
            if event.kind == .fault || event.kind == .leadership { last.removeAll() }
        }
        for (position, count) in counts.enumerated() where count > 1 {
            story.events[position].text += " (and \(count - 1) more alike)"
        }
        return story
    }
}

extension Story: CustomStringConvertible {
    /// For a terminal, a line an event.
    public var description: String {
        var lines = [
            "\(oracle): \(violation)",
            "  at \(NumberText.moment(violatedAtSeconds)), in \(scenario), "
                + "seed \(seed), trace \(traceHash)",
        ]
        if !subject.isEmpty { lines.append("  followed: \(subject); its lines bear a *") }
        lines.append("")
        let width = max(4, events.map(\.node.count).max() ?? 0)
        for event in events {
            let time = NumberText.plain(event.atSeconds)
            let pad = String(repeating: " ", count: max(0, 10 - time.count))
            let name = event.node + String(repeating: " ", count: width - event.node.count)
            lines.append("\(pad)\(time)s \(event.sign) \(name)  \(event.text)")
        }
        if let noReturn { lines += noReturn.lines }
        lines += ["", "  again: \(reproduceCommand)"]
        return lines.joined(separator: "\n")
    }
}

extension Story.Event {
    fileprivate var sign: String {
        switch kind {
        case .record, .leadership, .client: "*"
        case .fault: "!"
        case .violation: "X"
        case .node, .lake, .note, .probe: " "
        }
    }
}
