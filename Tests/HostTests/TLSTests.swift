import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Platform
import Testing

@testable import Host

/// A certificate that vouches for itself, as localhost and 127.0.0.1, and keys that nobody uses.
private enum TestCertificate {
    static let chain = """
        -----BEGIN CERTIFICATE-----
        MIIBozCCAUmgAwIBAgIUF7lvPGc1VsY6zypZYosnQmL1Gp0wCgYIKoZIzj0EAwIw
        GDEWMBQGA1UEAwwNd2F2ZXRhbmsgdGVzdDAgFw0yNjExMzAwMjAzMjBaGA8yMTI2
        MTEwNjAyMDMyMFowGDEWMBQGA1UEAwwNd2F2ZXRhbmsgdGVzdDBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABEhqqAGCSy7IJfjXnVaZaii8pfKq/LK5iv1d7Zk3W38j
        0MzZeXG+0VpQPLgWPChWQ2ut4p+VfJCPb2EqSXPTlLSjbzBtMB0GA1UdDgQWBBSw
        T4mqi99KfD2OrNsnaokFzmyoGTAfBgNVHSMEGDAWgBSwT4mqi99KfD2OrNsnaokF
        zmyoGTAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwDwYDVR0TAQH/BAUwAwEB
        /zAKBggqhkjOPQQDAgNIADBFAiEAsmxOZtxWxQKzT8o5aqKX10BSHgWiwQ+3DuWT
        YKtc9AQCIDLDlUilBH8lHtZHvYi322GeZeQ5LNeihmi6/mGlD9fY
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+Chp2KEEDRqVnWdu
        0BKEuC+uhhW5Oswf+7vpLowEmcihRANCAARIaqgBgksuyCX4151WmWoovKXyqvyy
        uYr9Xe2ZN1t/I9DM2XlxvtFaUDy4FjwoVkNrreKflXyQj29hKklz05S0
        -----END PRIVATE KEY-----
        """

    static let otherKey = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEICKkpr7BlYd7lqGip6ReDxagLOd0RG7SYOeISBO9+9rOoAoGCCqGSM49
        AwEHoUQDQgAEEmaoh14sVhnm0tpSLWsj3R8qaGGjb3ln2fv4B3w7ySdQ05Ko9/uG
        4kT6K3R/ZPgRCq9k4LrlnqzvEMMXH/HmoA==
        -----END EC PRIVATE KEY-----
        """
}

@Suite("TLS at the ports that programs of others call")
struct TLSTests {
    private let folder = RealFolder()
    private let chain: String
    private let key: String

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true)
        chain = folder.path + "/chain.pem"
        key = folder.path + "/key.pem"
        try TestCertificate.chain.write(toFile: chain, atomically: true, encoding: .utf8)
        try TestCertificate.key.write(toFile: key, atomically: true, encoding: .utf8)
    }

    private func world(_ configure: (inout HostConfiguration) -> Void = { _ in }) throws
        -> HostWorld
    {
        var configuration = HostConfiguration(folder: folder.path)
        configuration.tls = try TLSIdentity(certificate: chain, key: key)
        configure(&configuration)
        return try HostWorld(configuration)
    }

    /// Runs `body` on a thread of its own while the world serves.
    private func beside<Value: Sendable>(
        _ world: HostWorld, _ body: @escaping @Sendable () -> Value
    ) -> Value? {
        let thread = WorkerThreads(count: 1)
        let result = UncheckedSendableBox(Result())
        thread.submit {
            let value = body()
            world.post { result.value.value = value }
        }
        _ = world.run(atMost: .seconds(20)) { result.value.value != nil }
        thread.close()
        return result.value.value as? Value
    }

    private final class Result { var value: Any? }

    @Test("HTTP is served to who trusts the certificate, and to nobody without TLS")
    func http() throws {
        let world = try world()
        defer { world.shutDown() }
        let machine = world.start("web") { try await $0.sleep(.seconds(60)) }
        let server = try HTTPServer(world, port: 0, for: machine) { request in
            let credentials = request.headers.first { $0.name == "authorization" }?.value ?? ""
            return HTTPServer.Response(
                status: 200, headers: [],
                body: Array("\(request.host) \(credentials)".utf8))
        }
        defer { server.close() }
        let (port, trusted) = (server.port, chain)
        let answer = beside(world) { () -> String in
            do {
                let conversation = try HTTPConversation(
                    "https://localhost:\(port)", credentials: .password(user: "a", "b"),
                    authorities: trusted)
                let answer = try conversation.ask("GET", "/", timeout: 5)
                return String(decoding: answer.body, as: UTF8.self)
            } catch { return "\(error)" }
        }
        #expect(answer == "127.0.0.1 Basic YTpi")
        let stranger = beside(world) { () -> String in
            do {
                _ = try HTTPConversation("https://localhost:\(port)").ask("GET", "/", timeout: 5)
                return "served"
            } catch { return "\(error)" }
        }
        #expect(stranger?.contains("vouches for its certificate") == true, "\(stranger ?? "")")
        let plain = beside(world) { () -> String in
            do {
                _ = try HTTPConversation("http://localhost:\(port)").ask("GET", "/", timeout: 5)
                return "served"
            } catch { return "refused" }
        }
        #expect(plain == "refused")
    }

    /// A machine that sends back what comes to its port 9; the real port behind that.
    private func startEcho(_ name: String, in world: HostWorld) -> Int {
        var port = 0
        world.start(name) { machine in
            let listener = try await machine.network.listen(port: 9)
            port = world.directory.place(of: listener.address)?.port ?? 0
            while true {
                let connection = try await listener.accept()
                machine.spawn("echo") {
                    do {
                        while true { try await connection.send(try await connection.receive()) }
                    } catch is NetworkError { connection.close() }
                }
            }
        }
        #expect(world.run(atMost: .seconds(5)) { port != 0 })
        return port
    }

    @Test("Frames of programs of others go through TLS both ways, also larger than a record of it")
    func frames() throws {
        let world = try world { $0.publicPorts = [9: 0] }
        defer { world.shutDown() }
        let port = startEcho("echo", in: world)
        let (reached, trusted) = (port, chain)
        let counts = beside(world) { () -> [Int] in
            (try? Self.echo([1, 70_000, 3_000_000, 0, 5], at: reached, trusting: trusted)) ?? []
        }
        #expect(counts == [1, 70_000, 3_000_000, 0, 5])
    }

    @Test("A service that speaks TLS is called where its certificate is vouched for, or not at all")
    func services() throws {
        let world = try world()
        defer { world.shutDown() }
        let machine = world.start("web") { try await $0.sleep(.seconds(60)) }
        let server = try HTTPServer(world, port: 0, for: machine) { request in
            HTTPServer.Response(status: 200, headers: [], body: request.body + [7])
        }
        defer { server.close() }
        let address = ServiceAddress(host: "localhost", port: server.port, isSecure: true)
        let body = [UInt8](repeating: 1, count: 3_000_000)
        func call(_ name: String, _ trust: TLSTrust) throws -> String {
            let client = HTTPClient(address, trust: trust, world: world)
            defer { client.close() }
            var result = ""
            world.start(name) { machine in
                let network = machine.network as? HostNetwork
                let lifetime = try #require(network).lifetime
                do {
                    let answer = try await client.send(
                        HTTPCall(method: .PUT, target: "/", body: body), in: lifetime)
                    result = answer.body == body + [7] ? "answered" : "damaged"
                } catch let failure as HTTPFailure { result = "\(failure)" }
            }
            #expect(world.run(atMost: .seconds(20)) { !result.isEmpty })
            return result
        }
        #expect(try call("one", TLSTrust(authorities: chain)) == "answered")
        let refused = try call("two", TLSTrust())
        // Nothing was sent, so that it may be tried again whatever it was.
        #expect(refused.hasPrefix("not sent"), "\(refused)")
        #expect(refused.contains("vouches for its certificate"), "\(refused)")
    }

    @Test("Processes of a cluster that show each other certificates shut out who has none")
    func betweenProcesses() throws {
        let identity = try TLSIdentity(certificate: chain, key: key)
        let inner = try TLSBetweenProcesses(identity, authorities: chain)
        let world = try world {
            $0.innerTLS = inner
            $0.advertisedHost = "localhost"
        }
        defer { world.shutDown() }
        let port = startEcho("called", in: world)
        let sizes = [1, 70_000, 3_000_000, 5]
        var counts: [Int] = []
        world.start("calling") { machine in
            let connection = try await machine.network.connect(
                to: Address(host: "called", port: 9))
            for size in sizes { try await connection.send([UInt8](repeating: 3, count: size)) }
            while counts.count < sizes.count { counts.append(try await connection.receive().count) }
            connection.close()
        }
        #expect(world.run(atMost: .seconds(20)) { counts.count == sizes.count })
        #expect(counts == sizes)
        // It trusts the certificate, and has none itself.
        let (reached, trusted) = (port, chain)
        let answer = beside(world) { () -> String in
            do {
                return "\(try Self.echo([1], at: reached, trusting: trusted))"
            } catch { return "shut out" }
        }
        #expect(answer == "shut out")
    }

    /// Sends frames of these sizes and answers those that come back.
    private static func echo(_ sizes: [Int], at port: Int, trusting chain: String) throws -> [Int] {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let trust = try TLSTrust(authorities: chain)
        let collector = UncheckedSendableBox(Collector())
        let done = group.next().makePromise(of: [Int].self)
        collector.value.done = done
        collector.value.expected = sizes.count
        let channel = try ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try trust.addHandler(to: channel, calling: "localhost")
                    try channel.pipeline.syncOperations.addHandler(collector.value)
                }
            }
            .connect(host: "127.0.0.1", port: port).wait()
        for size in sizes {
            var buffer = channel.allocator.buffer(capacity: size + 4)
            buffer.writeInteger(UInt32(size))
            buffer.writeRepeatingByte(7, count: size)
            channel.writeAndFlush(buffer, promise: nil)
        }
        let found = try done.futureResult.wait()
        try channel.close().wait()
        return found
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes = ByteBuffer()
        var found: [Int] = []
        var expected = 0
        var done: EventLoopPromise<[Int]>?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var incoming = unwrapInboundIn(data)
            bytes.writeBuffer(&incoming)
            while let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self),
                bytes.readableBytes >= 4 + Int(length)
            {
                bytes.moveReaderIndex(forwardBy: 4 + Int(length))
                found.append(Int(length))
            }
            if found.count == expected { done?.succeed(found) }
        }

        func channelInactive(context: ChannelHandlerContext) { done?.fail(ChannelError.eof) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            done?.fail(error)
            context.close(promise: nil)
        }
    }

    @Test("What is wrong with a certificate or a key is told before anything is served")
    func files() throws {
        let other = folder.path + "/other.pem"
        let empty = folder.path + "/empty.pem"
        try TestCertificate.otherKey.write(toFile: other, atomically: true, encoding: .utf8)
        try "nothing".write(toFile: empty, atomically: true, encoding: .utf8)
        for (certificate, key, hint) in [
            ("/nowhere/chain.pem", key, "/nowhere/chain.pem: No such file"),
            (chain, "/nowhere/key.pem", "/nowhere/key.pem: No such file"),
            (empty, key, "empty.pem: it has no certificate"),
            (chain, empty, "empty.pem: it has no private key"),
            (chain, other, "other.pem: it is not the key of the certificate"),
        ] {
            let error = #expect(throws: HostError.self) {
                try TLSIdentity(certificate: certificate, key: key)
            }
            #expect(error.map { "\($0)".contains(hint) } == true, "\(error.map { "\($0)" } ?? "")")
        }
        #expect(throws: HostError.self) { try TLSTrust(authorities: empty) }
    }
}
