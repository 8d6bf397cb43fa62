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

    let random: RandomStream
    private var blocked: [Way: Int] = [:]
    private var delays: [Way: Int64] = [:]
    private var resetsPerMillion: [Way: Int] = [:]

    init(seed: UInt64) { random = RandomStream(seed: seed, label: "network") }

    func isBlocked(_ source: Int32, _ target: Int32) -> Bool {
        !blocked.isEmpty && blocked[Way(source: source, target: target)] != nil
    }

    func delay(_ source: Int32, _ target: Int32) -> Int64 {
        delays.isEmpty ? 0 : delays[Way(source: source, target: target)] ?? 0
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

    func setDelay(_ source: Int32, _ target: Int32, nanoseconds: Int64) {
        delays[Way(source: source, target: target)] = nanoseconds == 0 ? nil : nanoseconds
    }

    func setResets(_ source: Int32, _ target: Int32, perMillion: Int) {
        resetsPerMillion[Way(source: source, target: target)] = perMillion == 0 ? nil : perMillion
    }
}

/// One end of a way that faults can be put on.
public enum Place: Hashable, Sendable, CustomStringConvertible {
    case machine(String)
    case coordination
    case objectStore
    case lakeCatalog

    public var description: String {
        switch self {
        case .machine(let name): name
        case .coordination: "the coordination service"
        case .objectStore: "the object store"
        case .lakeCatalog: "the lake catalog"
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

    /// Makes each frame on a way take longer; zero undoes it.
    public func setDelay(from source: Place, to target: Place, _ delay: Duration) {
        links.setDelay(index(source), index(target), nanoseconds: delay.nanoseconds)
        fault(9, source, target, UInt64(delay.nanoseconds), "takes \(delay) longer")
    }

    /// Breaks connections at a rate for each frame on a way; zero undoes it.
    public func setResets(from source: Place, to target: Place, partsPerMillion: Int) {
        links.setResets(index(source), index(target), perMillion: partsPerMillion)
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
        }
    }
}
