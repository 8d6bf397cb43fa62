/// The record of everything that happened in a world, as a rolling hash with checkpoints.
public struct Trace {
    /// One event: what, where, and two numbers that describe it.
    public struct Event: Hashable, Sendable, Codable, CustomStringConvertible {
        public var nanoseconds: Int64
        public var kind: EventKind
        public var node: Int32
        public var first: UInt64
        public var second: UInt64
        /// The node's name; empty for the world itself.
        public var nodeName: String = ""
        /// What the numbers stand for: the path, key, peer or text.
        public var detail: String

        /// Such as `12.000340s server-2 send 33 bytes to server-1`.
        public var description: String {
            let place = nodeName.isEmpty ? "world" : nodeName
            let start = "\(Seconds(nanoseconds: nanoseconds)) \(place) \(kind)"
            return detail.isEmpty ? start : "\(start) \(detail)"
        }
    }

    /// Events between two checkpoints.
    public static let checkpointInterval = 4096

    /// How many events there were.
    public private(set) var eventCount = 0
    /// The hash over all events so far.
    public private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// The hash after each `checkpointInterval` events.
    public private(set) var checkpoints: [UInt64] = []
    /// Events kept in full, where a `window` asked for it.
    public private(set) var kept: [Event] = []
    /// The numbers of the events to keep.
    public let window: Range<Int>
    /// The whole in little room, if it was asked for.
    public private(set) var sketch: TraceSketch?

    init(window: Range<Int>, isSketched: Bool = false) {
        self.window = window
        sketch = isSketched ? TraceSketch() : nil
    }

    mutating func record(
        _ kind: EventKind, at nanoseconds: Int64, node: Int32, _ first: UInt64, _ second: UInt64,
        _ detail: @autoclosure () -> String
    ) {
        var mixed = hash ^ UInt64(bitPattern: nanoseconds)
        mixed = (mixed ^ (mixed >> 32)) &* 0x9FB2_1C65_1E98_DF25
        mixed ^= UInt64(kind.rawValue) << 32 | UInt64(UInt32(bitPattern: node))
        mixed = (mixed ^ (mixed >> 29)) &* 0xBF58_476D_1CE4_E5B9
        mixed ^= first &+ (second << 31 | second >> 33)
        hash = (mixed ^ (mixed >> 32)) &* 0x94D0_49BB_1331_11EB
        if window.contains(eventCount) {
            kept.append(
                Event(
                    nanoseconds: nanoseconds, kind: kind, node: node, first: first, second: second,
                    detail: detail()))
        }
        sketch?.append(kind, node: node, hash: hash)
        eventCount += 1
        if eventCount % Self.checkpointInterval == 0 { checkpoints.append(hash) }
    }
}

/// What kind of effect an event was.
public enum EventKind: UInt8, Hashable, Sendable, Codable, CaseIterable {
    case timer, spawned, started, stopped, fault, note, probe
    case diskOpen, diskWrite, diskRead, diskSync, diskTruncate, diskName
    case connect, send, receive, connectionEnd
    case objectPut, objectGet, objectList, objectDelete
    case coordinationRead, coordinationCommit, lease, watch
    case catalogRead, catalogWrite
    /// Recorded by the code under test or its oracles.
    case marker
    case vectorRead, vectorWrite
}

/// Prints simulated time for people.
struct Seconds: CustomStringConvertible {
    var nanoseconds: Int64

    var description: String {
        let micros = nanoseconds / 1000
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + fraction + "s"
    }
}

/// A hash over the content of a frame, a write or an object, eight bytes at a time.
func contentHash(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { buffer in
        var hash = UInt64(buffer.count) &* 0x9E37_79B9_7F4A_7C15
        var position = 0
        while position + 8 <= buffer.count {
            let word = buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            hash = (hash ^ UInt64(littleEndian: word)) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 29
            position += 8
        }
        while position < buffer.count {
            hash = (hash ^ UInt64(buffer[position])) &* 0x100_0000_01b3
            position += 1
        }
        return hash
    }
}
