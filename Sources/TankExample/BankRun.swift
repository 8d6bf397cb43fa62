import Platform
import Simulation

/// What one seed of the example showed.
public struct BankRun: Sendable {
    public var seed: UInt64
    public var paid: Int
    public var inLedger: Int
    public var traceHash: UInt64

    /// The example's oracle: the ledger holds each confirmed coin, and each once.
    public var isRight: Bool { paid == inLedger }
}

/// Runs three customers against one bank while connections break and the bank loses power.
///
/// The harness stands outside the machines: it starts them, breaks things at times of its choosing,
/// and looks at the outcome without letting time pass.
public func runBank(seed: UInt64, remembersRequests: Bool) -> BankRun {
    let world = SimulationWorld(seed: seed)
    let names = ["customer-1", "customer-2", "customer-3"]
    for name in names + ["bank"] { world.addMachine(name) }
    world.start("bank") { try await Bank($0, remembersRequests: remembersRequests).run() }
    var customers: [Customer] = []
    for (position, name) in names.enumerated() {
        world.setResets(from: .machine("bank"), to: .machine(name), partsPerMillion: 20_000)
        world.start(name) { machine in
            let customer = Customer(machine, number: UInt8(position + 1))
            customers.append(customer)
            try await customer.run(coins: 40)
        }
    }
    world.after(.seconds(1)) { world.losePower("bank") }
    world.after(.seconds(2)) {
        world.start("bank") { try await Bank($0, remembersRequests: remembersRequests).run() }
    }
    _ = world.run(atMost: .seconds(600)) {
        customers.count == names.count && customers.allSatisfy { $0.paid == 40 }
    }
    world.shutDown()
    // The oracle reads the disk as the next life of the bank would.
    var inLedger = 0
    world.start("bank") { machine in
        inLedger = Int(try await machine.disk.open("ledger", .existing).size()) / 2
    }
    world.run(for: .seconds(1))
    world.shutDown()
    return BankRun(
        seed: seed, paid: customers.reduce(0) { $0 + $1.paid }, inLedger: inLedger,
        traceHash: world.trace.hash)
}
