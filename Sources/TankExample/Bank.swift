public import Platform

/// Someone else's code in the tank: a bank of one server, which customers pay over a network.
///
/// It knows nothing of Wavetank's engine: it is ordinary Swift async code against the `Platform`
/// protocols. A client that hears nothing asks again. Without request numbers that pays twice
/// whenever the answer, not the request, was lost; the tank finds the seed that shows it.
public final class Bank {
    /// Remembers request numbers, so that a repeated request is answered and not done again.
    public let remembersRequests: Bool
    private let machine: Machine
    private let turns: Gate
    private var answered: Set<[UInt8]> = []
    private var balance = 0

    public init(_ machine: Machine, remembersRequests: Bool) {
        self.machine = machine
        turns = Gate(machine)
        self.remembersRequests = remembersRequests
    }

    /// Loads the ledger and serves; each payment is on disk before it is confirmed.
    public func run() async throws {
        let ledger = try await machine.disk.open("ledger", .any)
        try await machine.disk.syncDirectory("")
        try await load(ledger)
        let listener = try await machine.network.listen(port: 80)
        while true {
            let connection = try await listener.accept()
            // One task a customer; of all tasks of a machine one runs at a time, without locks.
            machine.spawn("customer") {
                do {
                    while true {
                        let request = try await connection.receive()
                        try await self.pay(request, ledger)
                        try await connection.send(request)
                    }
                } catch is NetworkError {
                    connection.close()
                }
            }
        }
    }

    /// Reads what an earlier life of this machine has written, up to where a power loss cut it off.
    private func load(_ ledger: any File) async throws {
        let size = try await ledger.size()
        while Int64(balance + 1) * 2 <= size {
            let request = try await ledger.read(at: Int64(balance) * 2, count: 2)
            // A file may have grown without its bytes: zeros, and no customer has the number 0.
            if request[0] == 0 { break }
            answered.insert(request)
            balance += 1
        }
        try await ledger.truncate(to: Int64(balance) * 2)
    }

    /// One payment at a time: between a question and its answer, whatever waits lets others in.
    private func pay(_ request: [UInt8], _ ledger: any File) async throws {
        try await turns.run {
            if remembersRequests && answered.contains(request) { return }
            try await ledger.write(request, at: Int64(balance) * 2)
            try await ledger.sync()
            // Only now: a second request must not be confirmed while the first is not safe.
            answered.insert(request)
            balance += 1
        }
    }
}

/// Pays one coin at a time, each until the bank confirms it.
public final class Customer {
    /// Coins confirmed so far.
    public private(set) var paid = 0
    private let machine: Machine
    private let number: UInt8

    /// Precondition: `number` is not zero.
    public init(_ machine: Machine, number: UInt8) {
        precondition(number > 0, "zero stands for no customer")
        self.machine = machine
        self.number = number
    }

    public func run(coins: UInt8) async throws {
        var connection: (any Connection)?
        while paid < coins {
            do {
                let way: any Connection
                if let connection {
                    way = connection
                } else {
                    way = try await machine.network.connect(to: Address(host: "bank", port: 80))
                }
                connection = way
                try await way.send([number, UInt8(paid)])
                _ = try await way.receive()
                paid += 1
                try await machine.sleep(.milliseconds(50))
            } catch is NetworkError {
                connection = nil
                try await machine.sleep(.milliseconds(200))
            }
        }
    }
}
