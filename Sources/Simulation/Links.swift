import Platform

/// The state of the ways between machines, and between machines and the services.
final class Links {
    struct Way: Hashable {
        var source: Int32
        var target: Int32
    }

    /// The services' places in the link table.
    static let coordination: Int32 = -2
    static let objectStore: Int32 = -3
    static let lakeCatalog: Int32 = -4
    static let vectorService: Int32 = -5

    let random: RandomStream
    private var blocked: [Way: Int] = [:]
    private var clogged: [Way: Int] = [:]
    private var delays: [Way: Int64] = [:]
    private var jitters: [Way: Int64] = [:]
    private var resetsPerMillion: [Way: Int] = [:]
    private var repeatsPerMillion: [Way: Int] = [:]
    private var bytesPerSecond: [Way: Int64] = [:]
    /// When a slow way has room for the next frame.
    private var busyUntil: [Way: Int64] = [:]

    init(seed: UInt64, _ epoch: RandomEpoch) {
        random = RandomStream(seed: seed, label: "network", epoch: epoch)
    }

    func isBlocked(_ source: Int32, _ target: Int32) -> Bool {
        !blocked.isEmpty && blocked[Way(source: source, target: target)] != nil
    }

    func isClogged(_ source: Int32, _ target: Int32) -> Bool {
        !clogged.isEmpty && clogged[Way(source: source, target: target)] != nil
    }

    /// Whether frames wait before a way.
    func isHeld(_ source: Int32, _ target: Int32) -> Bool {
        isBlocked(source, target) || isClogged(source, target)
    }

    func delay(_ source: Int32, _ target: Int32) -> Int64 {
        if delays.isEmpty && jitters.isEmpty { return 0 }
        let way = Way(source: source, target: target)
        let jitter = jitters[way].map { Int64(random.next(in: 0..<UInt64($0))) } ?? 0
        return (delays[way] ?? 0) + jitter
    }

    /// How long a frame waits for those before it on a slow way, and takes to pass.
    func passage(_ source: Int32, _ target: Int32, byteCount: Int, now: Int64) -> Int64 {
        if bytesPerSecond.isEmpty { return 0 }
        let way = Way(source: source, target: target)
        guard let rate = bytesPerSecond[way] else { return 0 }
        let end = max(now, busyUntil[way] ?? 0) + CostModel.transfer(byteCount, at: rate)
        busyUntil[way] = end
        return end - now
    }

    func repeats(_ source: Int32, _ target: Int32) -> Bool {
        if repeatsPerMillion.isEmpty { return false }
        let rate = repeatsPerMillion[Way(source: source, target: target)] ?? 0
        return random.chance(partsPerMillion: rate)
    }

    func resets(_ source: Int32, _ target: Int32) -> Bool {
        if resetsPerMillion.isEmpty { return false }
        let rate = resetsPerMillion[Way(source: source, target: target)] ?? 0
        return random.chance(partsPerMillion: rate)
    }

    /// Blocks count: two partitions that share a way must both heal before it is open.
    func block(_ source: Int32, _ target: Int32) {
        blocked[Way(source: source, target: target), default: 0] += 1
    }

    func unblock(_ source: Int32, _ target: Int32) {
        let way = Way(source: source, target: target)
        guard let count = blocked[way] else { return }
        blocked[way] = count == 1 ? nil : count - 1
    }

    func clog(_ source: Int32, _ target: Int32) {
        clogged[Way(source: source, target: target), default: 0] += 1
    }

    func unclog(_ source: Int32, _ target: Int32) {
        let way = Way(source: source, target: target)
        guard let count = clogged[way] else { return }
        clogged[way] = count == 1 ? nil : count - 1
    }

    // Each of these answers whether the way is another one now: what did not change is no event.

    func setDelay(
        _ source: Int32, _ target: Int32, nanoseconds: Int64, jitter: Int64
    ) -> Bool {
        let way = Way(source: source, target: target)
        let isLonger = Self.replace(&delays[way], to: nanoseconds == 0 ? nil : nanoseconds)
        let isOtherJitter = Self.replace(&jitters[way], to: jitter == 0 ? nil : jitter)
        return isLonger || isOtherJitter
    }

    func setRepeats(_ source: Int32, _ target: Int32, perMillion: Int) -> Bool {
        let way = Way(source: source, target: target)
        return Self.replace(&repeatsPerMillion[way], to: perMillion == 0 ? nil : perMillion)
    }

    func setBandwidth(_ source: Int32, _ target: Int32, bytesPerSecond rate: Int64?) -> Bool {
        let way = Way(source: source, target: target)
        if rate == nil { busyUntil[way] = nil }
        return Self.replace(&bytesPerSecond[way], to: rate)
    }

    func setResets(_ source: Int32, _ target: Int32, perMillion: Int) -> Bool {
        let way = Way(source: source, target: target)
        return Self.replace(&resetsPerMillion[way], to: perMillion == 0 ? nil : perMillion)
    }

    private static func replace<Value: Equatable>(_ place: inout Value?, to value: Value?) -> Bool {
        defer { place = value }
        return place != value
    }
}

/// One end of a way that faults can be put on.
public enum Place: Hashable, Sendable, CustomStringConvertible {
    case machine(String)
    case coordination
    case objectStore
    case lakeCatalog
    case vectorService

    public var description: String {
        switch self {
        case .machine(let name): name
        case .coordination: "the coordination service"
        case .objectStore: "the object store"
        case .lakeCatalog: "the lake catalog"
        case .vectorService: "the vector service"
        }
    }
}

extension SimulationWorld {
    /// Lets nothing pass from `source` to `target` until as many calls of `open` undo it.
    public func block(from source: Place, to target: Place) {
        links.block(index(source), index(target))
        fault(7, source, target, UInt64(bitPattern: Int64(index(target))), "closes")
    }

    public func open(from source: Place, to target: Place) {
        links.unblock(index(source), index(target))
        fault(8, source, target, UInt64(bitPattern: Int64(index(target))), "opens")
        for node in nodes { node.network?.wayOpened() }
    }

    /// Holds frames on a way, however long, until as many calls of `unclog` let them go: buffers
    /// that fill up before a bottleneck and drain late (bufferbloat; RFC 8290, section 1).
    ///
    /// Unlike on a blocked way, connections outlive it; none is made meanwhile.
    public func clog(from source: Place, to target: Place) {
        links.clog(index(source), index(target))
        fault(14, source, target, UInt64(bitPattern: Int64(index(target))), "clogs")
    }

    public func unclog(from source: Place, to target: Place) {
        links.unclog(index(source), index(target))
        fault(15, source, target, UInt64(bitPattern: Int64(index(target))), "flows again")
        for node in nodes { node.network?.wayOpened() }
    }

    /// Makes each frame on a way take longer, by up to `jitter` more, drawn for each; zero undoes
    /// it. Frames of one connection keep their order, those of different ones do not.
    public func setDelay(
        from source: Place, to target: Place, _ delay: Duration, jitter: Duration = .zero
    ) {
        let isChanged = links.setDelay(
            index(source), index(target), nanoseconds: delay.nanoseconds,
            jitter: jitter.nanoseconds)
        if !isChanged { return }
        fault(
            9, source, target, UInt64(delay.nanoseconds) ^ UInt64(jitter.nanoseconds) << 32,
            "takes \(delay) longer and up to \(jitter)")
    }

    /// Limits what all connections together carry over a way, as a token bucket does
    /// (tc-tbf(8)); nil undoes it.
    public func setBandwidth(from source: Place, to target: Place, bytesPerSecond: Int64?) {
        let (from, to) = (index(source), index(target))
        if !links.setBandwidth(from, to, bytesPerSecond: bytesPerSecond) { return }
        let limit = bytesPerSecond ?? 0
        fault(
            16, source, target, UInt64(limit),
            limit == 0 ? "is unlimited again" : "carries \(limit) bytes a second at most")
    }

    /// Delivers frames a second time at a rate, a moment later; zero undoes it.
    ///
    /// TCP does no such thing, but a proxy that sends a request again when its answer is late does
    /// (RFC 9110, section 9.2.2, allows it for idempotent methods; many do it for all).
    public func setRepeats(from source: Place, to target: Place, partsPerMillion: Int) {
        let (from, to) = (index(source), index(target))
        if !links.setRepeats(from, to, perMillion: partsPerMillion) { return }
        fault(17, source, target, UInt64(partsPerMillion), "repeats \(partsPerMillion) per million")
    }

    /// Has a machine's end of each of its connections end, without a word to the others: they are
    /// half-open (RFC 9293, section 3.5.1) until their ends send something. Middleboxes that lose
    /// their state do that to both ends (RFC 5382, section 4).
    public func forgetConnections(of name: String) {
        let node = node(name)
        record(.fault, node: node.index, 18, 0, "forgets its connections")
        node.network?.forgetConnections()
    }

    /// Breaks connections at a rate for each frame on a way; zero undoes it.
    public func setResets(from source: Place, to target: Place, partsPerMillion: Int) {
        let (from, to) = (index(source), index(target))
        if !links.setResets(from, to, perMillion: partsPerMillion) { return }
        fault(10, source, target, UInt64(partsPerMillion), "resets \(partsPerMillion) per million")
    }

    /// Breaks all connections between two machines now.
    public func resetConnections(between first: String, and second: String) {
        let target = node(second).index
        fault(11, .machine(first), .machine(second), UInt64(target), "resets")
        node(first).network?.reset(with: target)
    }

    private func fault(
        _ number: UInt64, _ source: Place, _ target: Place, _ value: UInt64,
        _ what: @autoclosure () -> String
    ) {
        record(.fault, node: index(source), number, value, "way to \(target) \(what())")
    }

    private func index(_ place: Place) -> Int32 {
        switch place {
        case .machine(let name): node(name).index
        case .coordination: Links.coordination
        case .objectStore: Links.objectStore
        case .lakeCatalog: Links.lakeCatalog
        case .vectorService: Links.vectorService
        }
    }
}
