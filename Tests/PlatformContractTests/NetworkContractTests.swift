import Platform
import TestSupport
import Testing

/// Two machines with a connection between them.
private struct Pair {
    var client: any Connection
    var server: any Connection
    var listener: any Listener

    init(_ machine: Machine, _ other: Machine) async throws {
        listener = try await other.network.listen(port: 9123)
        client = try await machine.network.connect(to: listener.address)
        server = try await listener.accept()
    }
}

private func run(
    _ kind: WorldKind, _ body: @escaping (Machine, EitherWorld, Pair) async throws -> Void
) throws {
    try EitherWorld.run(kind) { machine, world in
        let other = world.start("machine-2")
        try await body(machine, world, try await Pair(machine, other))
    }
}

@Suite("A network, simulated and real")
struct NetworkContractTests {
    @Test("Frames arrive whole and in order, both ways", arguments: WorldKind.allCases)
    func frames(_ kind: WorldKind) throws {
        try run(kind) { machine, _, pair in
            #expect(pair.listener.address == Address(host: "machine-2", port: 9123))
            #expect(pair.client.peer == pair.listener.address)
            #expect(pair.server.peer.host == "machine-1")
            let sent = (0..<300).map { [UInt8](repeating: UInt8($0 % 251), count: $0 * $0 % 5000) }
            for frame in sent { try await pair.client.send(frame) }
            for frame in sent { try await pair.server.send(frame.reversed() + [1]) }
            for frame in sent { #expect(try await pair.server.receive() == frame) }
            for frame in sent { #expect(try await pair.client.receive() == frame.reversed() + [1]) }
        }
    }

    @Test("An empty frame is a frame", arguments: WorldKind.allCases)
    func empty(_ kind: WorldKind) throws {
        try run(kind) { machine, _, pair in
            for frame in [[], [1], [], []] as [[UInt8]] { try await pair.client.send(frame) }
            for frame in [[], [1], [], []] as [[UInt8]] {
                #expect(try await pair.server.receive() == frame)
            }
        }
    }

    @Test("A frame may be as large as the limit and no larger", arguments: WorldKind.allCases)
    func large(_ kind: WorldKind) throws {
        try run(kind) { machine, _, pair in
            var frame = [UInt8](repeating: 7, count: frameSizeLimit)
            frame[frame.count - 1] = 9
            let received = machine.result { try await pair.server.receive() }
            try await pair.client.send(frame)
            #expect(try await received.receive()?.get() == frame)
            frame.append(1)
            await expectError(NetworkError.frameTooLarge(byteCount: frameSizeLimit + 1)) {
                try await pair.client.send(frame)
            }
            try await pair.client.send([1])
            #expect(try await pair.server.receive() == [1])
        }
    }

    @Test("Nothing listens: refused", arguments: WorldKind.allCases)
    func refusal(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            func refused(_ address: Address) async {
                await expectError(NetworkError.refused(address)) {
                    _ = try await machine.network.connect(to: address)
                }
            }
            await refused(Address(host: "machine-2", port: 9123))
            await refused(Address(host: "nobody", port: 9123))
            let listener = try await other.network.listen(port: 9123)
            await refused(Address(host: "machine-2", port: 9124))
            await refused(Address(host: "machine-1", port: 9123))
            listener.close()
            await refused(listener.address)
            _ = try await other.network.listen(port: 9123)
            _ = try await machine.network.connect(to: listener.address)
            world.crash("machine-2")
            await refused(listener.address)
        }
    }

    @Test("A port has one listener, until that is closed", arguments: WorldKind.allCases)
    func addresses(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            let listener = try await machine.network.listen(port: 9123)
            await expectError(NetworkError.addressInUse(listener.address)) {
                _ = try await machine.network.listen(port: 9123)
            }
            _ = try await other.network.listen(port: 9123)
            listener.close()
            listener.close()
            _ = try await machine.network.listen(port: 9123)
            world.crash("machine-2")
            _ = try await world.start("machine-2").network.listen(port: 9123)
        }
    }

    @Test("Port 0 picks a free one", arguments: WorldKind.allCases)
    func freePorts(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            var ports: Set<Int> = []
            for port in 49_150..<49_160 {
                ports.insert(try await machine.network.listen(port: port).address.port)
            }
            for _ in 0..<10 {
                let listener = try await machine.network.listen(port: 0)
                #expect(listener.address.port > 0)
                ports.insert(listener.address.port)
                _ = try await other.network.connect(to: listener.address)
            }
            #expect(ports.count == 20)
        }
    }

    @Test("A machine can call itself", arguments: WorldKind.allCases)
    func own(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let pair = try await Pair(machine, machine)
            try await pair.client.send([1, 2])
            #expect(try await pair.server.receive() == [1, 2])
            try await pair.server.send([3])
            #expect(try await pair.client.receive() == [3])
        }
    }

    @Test("A listener that is closed accepts no more", arguments: WorldKind.allCases)
    func closedListener(_ kind: WorldKind) throws {
        try run(kind) { machine, world, pair in
            let waiting = machine.result { try await pair.listener.accept() }
            let unaccepted = try await machine.network.connect(to: pair.listener.address)
            _ = try await waiting.receive()?.get()
            let second = machine.result { try await pair.listener.accept() }
            try await machine.sleep(.milliseconds(2))
            pair.listener.close()
            let closed = NetworkError.closed(pair.listener.address)
            await expectError(closed) { _ = try await second.receive()?.get() }
            await expectError(closed) { _ = try await pair.listener.accept() }
            try await unaccepted.send([1])
            try await pair.client.send([1])
            #expect(try await pair.server.receive() == [1])
        }
    }

    @Test("A connection nobody accepted breaks with its listener", arguments: WorldKind.allCases)
    func unaccepted(_ kind: WorldKind) throws {
        try run(kind) { machine, world, pair in
            let waiting = try await machine.network.connect(to: pair.listener.address)
            try await machine.sleep(.milliseconds(20))
            pair.listener.close()
            await expectError(NetworkError.reset(pair.listener.address)) {
                _ = try await waiting.receive()
            }
        }
    }

    @Test("After an orderly end all frames arrive, and then closed", arguments: WorldKind.allCases)
    func orderlyEnd(_ kind: WorldKind) throws {
        try run(kind) { machine, _, pair in
            let waiting = machine.result { try await pair.client.receive() }
            let frames = (0..<40).map { [UInt8](repeating: UInt8($0), count: 50_000) }
            for frame in frames { try await pair.client.send(frame) }
            // What the other end sends must not stand in the way.
            for _ in 0..<5 { try await pair.server.send([9]) }
            _ = try await waiting.receive()?.get()
            pair.client.close()
            pair.client.close()
            let own = NetworkError.closed(pair.client.peer)
            await expectError(own) { try await pair.client.send([1]) }
            try await machine.sleep(.milliseconds(5))
            for frame in frames { #expect(try await pair.server.receive() == frame) }
            let theirs = NetworkError.closed(pair.server.peer)
            for _ in 0..<2 {
                await expectError(theirs) { _ = try await pair.server.receive() }
            }
            await expectError(theirs) { try await pair.server.send([1]) }
            pair.server.close()
            await expectError(theirs) { _ = try await pair.server.receive() }
        }
    }

    @Test("Closing wakes one's own receiver", arguments: WorldKind.allCases)
    func closeWakes(_ kind: WorldKind) throws {
        try run(kind) { machine, _, pair in
            let mine = machine.result { try await pair.client.receive() }
            let theirs = machine.result { try await pair.server.receive() }
            try await machine.sleep(.milliseconds(2))
            pair.client.close()
            await expectError(NetworkError.closed(pair.client.peer)) {
                _ = try await mine.receive()?.get()
            }
            await expectError(NetworkError.closed(pair.server.peer)) {
                _ = try await theirs.receive()?.get()
            }
        }
    }

    @Test("The death of a machine resets its connections", arguments: WorldKind.allCases)
    func death(_ kind: WorldKind) throws {
        try run(kind) { machine, world, pair in
            try await pair.client.send([1])
            #expect(try await pair.server.receive() == [1])
            let waiting = machine.result { try await pair.client.receive() }
            try await machine.sleep(.milliseconds(2))
            world.crash("machine-2")
            let reset = NetworkError.reset(pair.client.peer)
            await expectError(reset) { _ = try await waiting.receive()?.get() }
            await expectError(reset) { _ = try await pair.client.receive() }
            await expectError(reset) { try await pair.client.send([1]) }
            await expectError(Terminated.self) { try await pair.server.send([1]) }
            await expectError(Terminated.self) { _ = try await pair.server.receive() }
            await expectError(Terminated.self) { _ = try await pair.listener.accept() }
            pair.client.close()
            await expectError(NetworkError.closed(pair.client.peer)) {
                try await pair.client.send([1])
            }
        }
    }

    @Test("A sender waits while the other end does not read", arguments: WorldKind.allCases)
    func backPressure(_ kind: WorldKind) throws {
        try run(kind) { machine, _, pair in
            let frame = [UInt8](repeating: 5, count: 1 << 20)
            var sentCount = 0
            let done = machine.result {
                for _ in 0..<96 {
                    try await pair.client.send(frame)
                    sentCount += 1
                }
            }
            try await machine.sleep(.milliseconds(300))
            #expect(sentCount > 2)
            #expect(sentCount < 64)
            let before = sentCount
            for _ in 0..<96 { #expect(try await pair.server.receive().count == frame.count) }
            _ = try await done.receive()?.get()
            #expect(sentCount == 96 && before < 96)
        }
    }

    @Test("A sender that waits learns of the end", arguments: WorldKind.allCases)
    func waitingSender(_ kind: WorldKind) throws {
        try run(kind) { machine, world, pair in
            let frame = [UInt8](repeating: 5, count: 1 << 20)
            let done = machine.result {
                for _ in 0..<96 { try await pair.client.send(frame) }
            }
            try await machine.sleep(.milliseconds(200))
            world.crash("machine-2")
            await expectError(NetworkError.reset(pair.client.peer)) {
                _ = try await done.receive()?.get()
            }
        }
    }

    @Test("Many connections at once keep their frames apart", arguments: WorldKind.allCases)
    func many(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            let listener = try await other.network.listen(port: 9123)
            other.spawn("accept") {
                while true {
                    let connection = try await listener.accept()
                    other.spawn("echo") {
                        while true {
                            let frame: [UInt8]
                            do { frame = try await connection.receive() } catch is NetworkError {
                                return
                            }
                            try await connection.send(frame.reversed())
                        }
                    }
                }
            }
            let results = (0..<20).map { number in
                machine.result {
                    let connection = try await machine.network.connect(to: listener.address)
                    for round in 0..<20 {
                        let frame = [UInt8(number), UInt8(round), 0]
                        try await connection.send(frame)
                        #expect(try await connection.receive() == frame.reversed())
                    }
                    connection.close()
                }
            }
            for result in results { _ = try await result.receive()?.get() }
        }
    }
}
