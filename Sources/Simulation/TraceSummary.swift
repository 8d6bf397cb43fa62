/// What two processes need to compare their runs: hash and checkpoints, and events where asked for.
///
/// It is written as JSON by any encoder of `Codable`. Compare two summaries; where they differ, run
/// both again with `stretch` as the world's `keeping`, and the second comparison names the event.
public struct TraceSummary: Hashable, Sendable {
    public var seed: UInt64
    public var eventCount: Int
    public var hash: UInt64
    /// The hash after each `Trace.checkpointInterval` events.
    public var checkpoints: [UInt64]
    /// The number of the first of `events`.
    public var firstEvent: Int
    /// The events that the world kept.
    public var events: [Trace.Event]

    public init(of world: SimulationWorld) {
        seed = world.seed
        eventCount = world.trace.eventCount
        hash = world.trace.hash
        checkpoints = world.trace.checkpoints
        firstEvent = world.trace.window.lowerBound
        events = world.keptEvents
    }

    /// How two runs that should be the same differ.
    public enum Comparison: Hashable, Sendable, CustomStringConvertible {
        case same
        /// They were not meant to be the same.
        case differentSeeds(UInt64, UInt64)
        /// They first differ among the events with these numbers, which were not kept.
        case stretch(Range<Int>)
        case event(Divergence)

        public var description: String {
            switch self {
            case .same: "the runs are the same"
            case .differentSeeds(let first, let second):
                "the runs have different seeds: \(first) and \(second)"
            case .stretch(let range):
                "the runs first differ in events \(range.lowerBound) to \(range.upperBound - 1): "
                    + "run both again and keep these"
            case .event(let divergence): "the runs differ from \(divergence)"
            }
        }
    }

    public func compare(with other: TraceSummary) -> Comparison {
        if seed != other.seed { return .differentSeeds(seed, other.seed) }
        if hash == other.hash && eventCount == other.eventCount { return .same }
        let common = zip(checkpoints, other.checkpoints).prefix { $0 == $1 }.count
        let start = common * Trace.checkpointInterval
        let isKept = !(events.isEmpty && other.events.isEmpty) && firstEvent == other.firstEvent
        if isKept, let found = Divergence(events, other.events, from: firstEvent),
            found.eventNumber < start + Trace.checkpointInterval
        {
            return .event(found)
        }
        return .stretch(start..<(start + Trace.checkpointInterval))
    }
}

extension TraceSummary: Codable {
    private enum Key: String, CodingKey {
        case format, seed, eventCount, hash, checkpointInterval, checkpoints, firstEvent, events
    }

    private static let format = "wavetank-trace-1"

    /// The hashes are text: not every reader of JSON keeps all digits of a number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Self.format, forKey: .format)
        try container.encode(String(seed), forKey: .seed)
        try container.encode(eventCount, forKey: .eventCount)
        try container.encode(String(hash, radix: 16), forKey: .hash)
        try container.encode(Trace.checkpointInterval, forKey: .checkpointInterval)
        try container.encode(checkpoints.map { String($0, radix: 16) }, forKey: .checkpoints)
        try container.encode(firstEvent, forKey: .firstEvent)
        try container.encode(events, forKey: .events)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func refuse(_ key: Key, _ reason: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: reason)
        }
        func number(_ text: String, _ key: Key, radix: Int = 16) throws -> UInt64 {
            guard let number = UInt64(text, radix: radix) else {
                throw refuse(key, "\(text) is no number of 64 bits")
            }
            return number
        }
        if try container.decode(String.self, forKey: .format) != Self.format {
            throw refuse(.format, "this is no \(Self.format)")
        }
        let interval = try container.decode(Int.self, forKey: .checkpointInterval)
        if interval != Trace.checkpointInterval {
            throw refuse(.checkpointInterval, "checkpoints every \(interval) events: another build")
        }
        seed = try number(try container.decode(String.self, forKey: .seed), .seed, radix: 10)
        eventCount = try container.decode(Int.self, forKey: .eventCount)
        hash = try number(try container.decode(String.self, forKey: .hash), .hash)
        checkpoints = try container.decode([String].self, forKey: .checkpoints)
            .map { try number($0, .checkpoints) }
        firstEvent = try container.decode(Int.self, forKey: .firstEvent)
        events = try container.decode([Trace.Event].self, forKey: .events)
        if eventCount < 0 || firstEvent < 0 || checkpoints.count != eventCount / interval {
            throw refuse(.checkpoints, "\(checkpoints.count) checkpoints for \(eventCount) events")
        }
    }
}
