import Cluster
import Platform
import Simulation

/// A program that calls nodes of the cluster and says what no client of it would: calls that are
/// cut, damaged or unknown, counts that promise more than there is, answers that nobody reads.
///
/// Each of its calls is to be answered or its connection closed, and nothing else is to notice: a
/// scanner of ports, a client of another product, a proxy with a fault are on every network.
final class ForeignCaller {
    static let name = "foreign-caller"
    private let world: SimulationWorld
    private let port: Int
    private var machine: Machine?
    private var visitCount = 0

    init(_ world: SimulationWorld) {
        self.world = world
        port = ClusterConfiguration().port
    }

    /// Calls a node so many times over a connection of its own.
    ///
    /// The machine is there only once it is needed, so that it changes no other run.
    func call(_ node: String, times count: Int) {
        if machine == nil {
            world.addMachine(Self.name)
            machine = world.start(Self.name) { _ in }
        }
        visitCount += 1
        let machine = machine!
        machine.spawn("visit \(visitCount) of the foreign caller") {
            do { try await self.visit(node, count, machine) } catch is NetworkError {
                // The node ended the talk, or is not there.
            }
        }
    }

    private func visit(_ node: String, _ count: Int, _ machine: Machine) async throws {
        let random = machine.entropy
        let connection = try await machine.network.connect(to: Address(host: node, port: port))
        let reads = random.chance(2, in: 3)
        if reads {
            machine.spawn("answers to the foreign caller") {
                do {
                    while true { _ = try await connection.receive() }
                } catch is NetworkError {}
            }
        }
        for number in 0..<count {
            try await connection.send(Self.frame(UInt32(number), random))
            if random.chance(1, in: 4) { try await machine.sleep(.milliseconds(10)) }
        }
        // Some go without a word, some stay for ever.
        try await machine.sleep(.seconds(2))
        if reads { connection.close() }
    }

    /// What looks like a call at first, or not even that.
    private static func frame(_ number: UInt32, _ random: any Entropy) -> [UInt8] {
        if random.chance(1, in: 8) { return noise(random.next(in: 0..<40), random) }
        // Fluss's keys are from 1000 on, ours from 2000; not each has a meaning.
        let key: Int16 =
            switch random.next(in: 0..<8) {
            case 0: Int16(truncatingIfNeeded: random.next(in: 0..<65_536))
            case 1: Int16(2000 + random.next(in: 0..<4))
            default: Int16(1000 + random.next(in: 0..<64))
            }
        var frame: [UInt8] = []
        for place in 0..<4 { frame.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
        for half in [key, Int16(random.next(in: 0..<4) - 1)] {
            frame.append(UInt8(truncatingIfNeeded: half))
            frame.append(UInt8(truncatingIfNeeded: half >> 8))
        }
        // Counts and lengths are varints: large ones, and small ones without what they count.
        for _ in 0..<random.next(in: 1..<12) {
            switch random.next(in: 0..<4) {
            case 0: frame += [UInt8](repeating: 0xFF, count: random.next(in: 1..<10)) + [1]
            case 1: frame.append(UInt8(random.next(in: 0..<6)))
            case 2: frame += [UInt8](repeating: 0, count: random.next(in: 1..<9))
            default: frame += noise(random.next(in: 1..<24), random)
            }
        }
        return frame
    }

    private static func noise(_ count: Int, _ random: any Entropy) -> [UInt8] {
        (0..<count).map { _ in UInt8(random.next(in: 0..<256)) }
    }
}
