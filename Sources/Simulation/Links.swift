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
public enum Place: Hashable, Sendable {
    case machine(String)
    case coordination
    case objectStore
    case lakeCatalog
}

extension SimulationWorld {
    /// Lets nothing pass from `source` to `target` until as many calls of `open` undo it.
    public func block(from source: Place, to target: Place) {
        links.block(index(source), index(target))
        record(.fault, node: index(source), 7, UInt64(bitPattern: Int64(index(target))))
    }

    public func open(from source: Place, to target: Place) {
        links.unblock(index(source), index(target))
        record(.fault, node: index(source), 8, UInt64(bitPattern: Int64(index(target))))
        for node in nodes { node.network?.wayOpened() }
    }

    /// Makes each frame on a way take longer; zero undoes it.
    public func setDelay(from source: Place, to target: Place, _ delay: Duration) {
        links.setDelay(index(source), index(target), nanoseconds: delay.nanoseconds)
        record(.fault, node: index(source), 9, UInt64(delay.nanoseconds))
    }

    /// Breaks connections at a rate for each frame on a way; zero undoes it.
    public func setResets(from source: Place, to target: Place, partsPerMillion: Int) {
        links.setResets(index(source), index(target), perMillion: partsPerMillion)
        record(.fault, node: index(source), 10, UInt64(partsPerMillion))
    }

    /// Breaks all connections between two machines now.
    public func resetConnections(between first: String, and second: String) {
        let target = node(second).index
        record(.fault, node: node(first).index, 11, UInt64(target))
        node(first).network?.reset(with: target)
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
