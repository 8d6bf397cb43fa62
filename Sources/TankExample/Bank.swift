public import Platform

/// Someone else's code in the tank: a bank of one server, and clients that pay money in over a
/// network.
///
/// It knows nothing of Wavetank's engine: it is ordinary Swift async code against the `Platform`
/// protocols. A client that hears nothing asks again. Without request numbers that pays twice
/// whenever the answer, not the request, was lost; the tank finds the seed that shows it.
public final class Bank {
    /// Remembers request numbers, so that a repeated request is answered and not done again.
    public let remembersRequests: Bool
    private let machine: Machine
    private var answered: Set<[UInt8]> = []
    private var balance = 0

    public init(_ machine: Machine, remembersRequests: Bool) {
        self.machine = machine
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
            machine.spawn("customer") { [self] in
                do {
                    while true {
                        let request = try await connection.receive()
                        try await pay(request, ledger)
                        try await connection.send(request)
                    }
                } catch is NetworkError {
                    connection.close()
                }
            }
        }
    }

    private func load(_ ledger: any File) async throws {
        let size = try await ledger.size()
        for position in 0..<(size / 2) {
            let request = try await ledger.read(at: position * 2, count: 2)
            answered.insert(request)
            balance += 1
        }
        try await ledger.truncate(to: size / 2 * 2)
    }

    private func pay(_ request: [UInt8], _ ledger: any File) async throws {
        if remembersRequests && answered.contains(request) { return }
        answered.insert(request)
        let place = Int64(balance) * 2
        balance += 1
        try await ledger.write(request, at: place)
        try await ledger.sync()
    }
}

/// Pays one coin at a time, each until the bank confirms it.
public final class Customer {
    /// Coins confirmed so far.
    public private(set) var paid = 0
    private let machine: Machine
    private let number: UInt8

    public init(_ machine: Machine, number: UInt8) {
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
