public import Platform
public import Simulation

/// A mistake to learn from: a machine that tells its friends some news, in the order of a `Set`.
///
/// Swift orders a set by a seed that differs from process to process, and by its capacity. Code
/// that lets this order decide what it does first is no function of its input, and a run of it not
/// of its seed. `firstDivergence` finds that out and names the first message that differs.
public final class Rumour {
    private let machine: Machine
    private let friends: Set<String>
    private let isSorted: Bool

    public init(_ machine: Machine, friends: Set<String>, isSorted: Bool) {
        self.machine = machine
        self.friends = friends
        self.isSorted = isSorted
    }

    public func run() async throws {
        for friend in isSorted ? friends.sorted() : Array(friends) {
            let connection = try await machine.network.connect(to: Address(host: friend, port: 1))
            try await connection.send(Array("have you heard?".utf8))
        }
    }
}

private func set(of names: [String], capacity: Int) -> Set<String> {
    var set = Set<String>(minimumCapacity: capacity)
    for name in names { set.insert(name) }
    return set
}

/// Lets one machine tell a dozen others.
///
/// `capacity` is room for more friends than there are: it changes nothing but the set's order.
public func runRumour(_ world: SimulationWorld, isSorted: Bool, capacity: Int = 0) {
    let names = (1...12).map { "friend-\($0)" }
    for name in names {
        world.addMachine(name)
        world.start(name) { machine in
            let listener = try await machine.network.listen(port: 1)
            _ = try await listener.accept().receive()
            machine.observer.reached("heard")
        }
    }
    let friends = set(of: names, capacity: capacity)
    world.addMachine("teller")
    world.start("teller") { machine in
        try await Rumour(machine, friends: friends, isSorted: isSorted).run()
        try await machine.sleep(.seconds(1))
    }
    world.run(for: .seconds(10))
}
