import Glibc
import NIOCore
import Platform
import TestSupport
import Testing

@testable import Host

/// A plain socket to a machine's port, as a stranger opens one.
private final class Stranger {
    private var number: Int32

    init(port: Int) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close() }

    func close() {
        if number >= 0 { Glibc.close(number) }
        number = -1
    }

    func send(_ bytes: [UInt8]) {
        #expect(Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Whether the other end has hung up.
    func isHungUp() -> Bool {
        var byte: UInt8 = 0
        let count = recv(number, &byte, 1, Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }
}

private func greeting(_ called: Address) -> [UInt8] {
    var buffer = ByteBuffer()
    Greeting(caller: Address(host: "friend", port: 1), called: called).write(to: &buffer)
    return Array(buffer.readableBytesView)
}

/// Lets a stranger in and hands it over with the machine's listener.
private func withStranger(
    _ body: @escaping (Machine, any Listener, Stranger, HostWorld) async throws -> Void
) throws -> [String] {
    var notes: [String] = []
    try RealFolder().run { machine, world in
        world.journal.onNote = { notes.append($0.message) }
        let listener = try await machine.network.listen(port: 9123)
        let port = try #require(world.directory.place(of: listener.address)?.port)
        try await body(machine, listener, try Stranger(port: port), world)
    }
    return notes
}

private func waitForEnd(_ machine: Machine, _ stranger: Stranger) async throws {
    let deadline = machine.clock.now + .seconds(4)
    while !stranger.isHungUp() && machine.clock.now < deadline {
        try await machine.sleep(.milliseconds(2))
    }
    #expect(stranger.isHungUp())
}

@Suite("Sockets, with strangers at the other end")
struct SocketTests {
    @Test("A well-behaved one is heard, and its end without a goodbye is a reset")
    func friend() throws {
        _ = try withStranger { machine, listener, stranger, _ in
            stranger.send(greeting(listener.address) + [0, 0, 0, 2, 7, 8, 0, 0])
            let connection = try await listener.accept()
            #expect(connection.peer == Address(host: "friend", port: 1))
            #expect(try await connection.receive() == [7, 8])
            stranger.close()
            await expectError(NetworkError.reset(connection.peer)) {
                _ = try await connection.receive()
            }
        }
    }

    @Test("A goodbye is an orderly end")
    func goodbye() throws {
        _ = try withStranger { machine, listener, stranger, _ in
            stranger.send(greeting(listener.address) + [0, 0, 0, 0, 255, 255, 255, 255])
            let connection = try await listener.accept()
            #expect(try await connection.receive() == [])
            await expectError(NetworkError.closed(connection.peer)) {
                _ = try await connection.receive()
            }
            try await waitForEnd(machine, stranger)
        }
    }

    @Test("An impossible length ends the connection with a clear error")
    func badLength() throws {
        let notes = try withStranger { machine, listener, stranger, _ in
            stranger.send(greeting(listener.address) + [0xF0, 0, 0, 0, 1, 2, 3])
            let connection = try await listener.accept()
            await expectError(NetworkError.frameTooLarge(byteCount: 0xF000_0000)) {
                _ = try await connection.receive()
            }
            await expectError(NetworkError.self) { try await connection.send([1]) }
            try await waitForEnd(machine, stranger)
        }
        #expect(
            notes == ["friend:1 announced a frame of 4026531840 bytes, which is over the limit"])
    }

    @Test("Who does not greet is shut out, and the listener goes on")
    func strangers() throws {
        let notes = try withStranger { machine, listener, stranger, world in
            stranger.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            try await waitForEnd(machine, stranger)
            let port = try #require(world.directory.place(of: listener.address)?.port)
            let lost = try Stranger(port: port)
            lost.send(greeting(Address(host: "machine-1", port: 1)))
            try await waitForEnd(machine, lost)
            let client = try await machine.network.connect(to: listener.address)
            try await client.send([5])
            #expect(try await listener.accept().receive() == [5])
        }
        #expect(notes.count == 2)
        #expect(notes.first == "a stranger called and was shut out")
        #expect(notes.last == "friend:1 called machine-1:1, which is not here")
    }

    @Test("A greeting that arrives byte by byte is a greeting")
    func slowly() throws {
        _ = try withStranger { machine, listener, stranger, _ in
            for byte in greeting(listener.address) + [0, 0, 0, 1, 9] {
                stranger.send([byte])
                try await machine.sleep(.microseconds(200))
            }
            #expect(try await listener.accept().receive() == [9])
        }
    }

    @Test(
        "Any bytes are an error or frames, never a crash", arguments: 1...20 as ClosedRange<UInt64>)
    func garbage(seed: UInt64) throws {
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        _ = try withStranger { machine, listener, stranger, _ in
            var bytes = greeting(listener.address)
            let isGreeting = next() % 4 > 0
            if !isGreeting { bytes[Int(next()) % bytes.count] ^= 0x55 }
            for _ in 0..<Int(next() % 6) { bytes += [0, 0, 0, 1, UInt8(next() % 256)] }
            for _ in 0..<Int(next() % 40) { bytes.append(UInt8(next() % 256)) }
            stranger.send(bytes)
            stranger.close()
            let end = machine.clock.now + (isGreeting ? .seconds(4) : .milliseconds(20))
            let connection = try await machine.wait(until: end) {
                (wait: Wait<(any Connection)?>) in
                machine.spawn("accept") { wait.resume(returning: try await listener.accept()) }
            }
            #expect(!isGreeting || connection != nil)
            guard let connection else { return }
            await expectError(NetworkError.self) {
                while true { _ = try await connection.receive() }
            }
        }
    }
}
