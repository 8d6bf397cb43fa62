/// One operation of a run, singled out for a fault at just that moment.
///
/// Operations are those with an effect: writes, syncs and changes of names on a disk, frames sent,
/// and requests that change something at a service. They are numbered from 0 at each place, in the
/// order of the run, so that a run with a strike is the run without it up to that operation.
public struct Strike: Hashable, Sendable {
    public enum Place: String, Hashable, Sendable, CaseIterable {
        case disk, network, objectStore, coordination, lakeCatalog, vectorService
    }

    public enum Effect: String, Hashable, Sendable, CaseIterable {
        /// The operation takes effect; its machine's process ends before it hears of that.
        case crash
        /// As `crash`, with the power of the whole machine.
        case powerLoss
        /// The operation takes effect, and its answer is lost. At services only.
        case lostAnswer
    }

    public var place: Place
    public var number: Int
    public var effect: Effect

    public init(_ place: Place, _ number: Int, _ effect: Effect) {
        precondition(number >= 0, "operations are numbered from 0")
        self.place = place
        self.number = number
        self.effect = effect
    }
}

/// Counts operations and finds those to be struck.
struct Strikes {
    private(set) var counts: [Int] = Array(repeating: 0, count: Strike.Place.allCases.count)
    /// Whose each operation was, by place, where that is kept.
    private(set) var owners: [[Int32]] = []
    private var armed: [Strike.Place: [Int: Strike.Effect]] = [:]
    private var isOver = false

    mutating func keepOwners() {
        owners = Array(repeating: [], count: Strike.Place.allCases.count)
    }

    mutating func end() { isOver = true }

    mutating func arm(_ strike: Strike) {
        armed[strike.place, default: [:]][strike.number] = strike.effect
    }

    /// Counts an operation; what it is struck with, if it is.
    mutating func operated(_ place: Strike.Place, node: Int32) -> Strike.Effect? {
        if isOver { return nil }
        let position = place.position
        let number = counts[position]
        counts[position] += 1
        if !owners.isEmpty { owners[position].append(node) }
        if armed.isEmpty { return nil }
        return armed[place]?[number]
    }
}

extension Strike.Place {
    fileprivate var position: Int {
        switch self {
        case .disk: 0
        case .network: 1
        case .objectStore: 2
        case .coordination: 3
        case .lakeCatalog: 4
        case .vectorService: 5
        }
    }
}

extension SimulationWorld {
    /// Has an operation struck when the run comes to it.
    public func arm(_ strike: Strike) { strikes.arm(strike) }

    /// Strikes and counts no more: what comes now is to go well.
    public func endStrikes() { strikes.end() }

    /// From now on keeps whose each operation is.
    public func keepOperationOwners() { strikes.keepOwners() }

    public func operationCount(_ place: Strike.Place) -> Int { strikes.counts[place.position] }

    /// The machines whose operations those of a place were, by number, where that was kept.
    public func operationOwners(_ place: Strike.Place) -> [String] {
        strikes.owners.isEmpty
            ? [] : strikes.owners[place.position].map { $0 < 0 ? "" : nodes[Int($0)].name }
    }

    /// Counts an operation of a machine; true if its answer is to be lost.
    func operated(_ place: Strike.Place, node: Int32) -> Bool {
        guard let effect = strikes.operated(place, node: node) else { return false }
        if effect == .lostAnswer { return true }
        // Whoever waits for the operation finds its machine ended, and can have no effect any more.
        onStrike?(nodes[Int(node)].name, effect == .powerLoss)
        return false
    }
}
