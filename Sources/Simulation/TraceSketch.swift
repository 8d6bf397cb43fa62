/// A run's trace in little room: enough to find where another build's run first differs.
///
/// Three bytes an event at most: what kind it was, on which node, and at each `digestInterval`
/// events some bits of the hash so far.
public struct TraceSketch: Hashable, Sendable {
    /// Events between two digests.
    public static let digestInterval = 8

    public private(set) var kinds: [UInt8] = []
    /// The number of each event's node, 255 for the world itself.
    public private(set) var nodes: [UInt8] = []
    public private(set) var digests: [UInt8] = []

    public init() {}

    /// From its parts, as they were written somewhere; nil if they are not of one run.
    public init?(kinds: [UInt8], nodes: [UInt8], digests: [UInt8]) {
        guard kinds.count == nodes.count, digests.count == kinds.count / Self.digestInterval,
            kinds.allSatisfy({ EventKind(rawValue: $0) != nil })
        else { return nil }
        self.kinds = kinds
        self.nodes = nodes
        self.digests = digests
    }

    mutating func append(_ kind: EventKind, node: Int32, hash: UInt64) {
        kinds.append(kind.rawValue)
        nodes.append(UInt8(truncatingIfNeeded: node))
        if kinds.count % Self.digestInterval == 0 { digests.append(UInt8(hash >> 56)) }
    }

    /// The event at which another run stopped being the same.
    public struct Deviation: Hashable, Sendable {
        /// The events, by number, among which the first that differs is.
        public var events: Range<Int>
        /// What the first run did there; nil if it had ended, or did the same with other content.
        public var kind: EventKind?
        public var node: Int?
    }

    /// Where `other` first differs; nil if they are the same as far as a sketch can tell.
    public func deviation(from other: TraceSketch) -> Deviation? {
        let common = min(kinds.count, other.kinds.count)
        let same = (0..<common).first {
            kinds[$0] != other.kinds[$0] || nodes[$0] != other.nodes[$0]
        }
        let content = (0..<min(digests.count, other.digests.count)).first {
            digests[$0] != other.digests[$0]
        }
        if let content, (content + 1) * Self.digestInterval <= same ?? .max {
            let start = content * Self.digestInterval
            return Deviation(events: start..<(start + Self.digestInterval), kind: nil, node: nil)
        }
        if same == nil && kinds.count == other.kinds.count { return nil }
        let event = same ?? common
        guard event < kinds.count else {
            return Deviation(events: event..<(event + 1), kind: nil, node: nil)
        }
        return Deviation(
            events: event..<(event + 1), kind: EventKind(rawValue: kinds[event]),
            node: nodes[event] == 255 ? nil : Int(nodes[event]))
    }
}
