import Foundation
import Platform
import Testing

@testable import Host

/// Two worlds, as two processes are, that call each other through a proxy.
private final class Line {
    let folder = RealFolder()
    let proxy: LinkProxy
    let near: HostWorld
    let far: HostWorld

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/places", withIntermediateDirectories: true)
        proxy = try LinkProxy(listeners: folder.path + "/places")
        func world(_ name: String, _ proxy: LinkProxy, _ folder: RealFolder) throws -> HostWorld {
            try HostWorld(
                HostConfiguration(folder: folder.path + "/" + name),
                directory: FolderDirectory(
                    folder: folder.path + "/places", proxy: proxy.place))
        }
        near = try world("near", proxy, folder)
        far = try world("far", proxy, folder)
        startEcho()
    }

    func startEcho() {
        far.start("far") { machine in
            let listener = try await machine.network.listen(port: 7)
            while true {
                let connection = try await listener.accept()
                machine.spawn("echo") {
                    while true { try await connection.send(try await connection.receive()) }
                }
            }
        }
        _ = far.run(atMost: .seconds(5)) {
            FolderDirectory.place(
                of: Address(host: "far", port: 7), in: self.folder.path + "/places") != nil
        }
    }

    /// Runs the far world's thread beside `body`, which runs in the near one.
    func call<Value>(_ body: @escaping (Machine) async throws -> Value) throws -> Value {
        let far = UncheckedSendableBox(self.far)
        let isOver = UncheckedSendableBox(Flag())
        let thread = WorkerThreads(count: 1)
        thread.submit { while !isOver.value.isSet { far.value.run(for: .milliseconds(5)) } }
        defer {
            isOver.value.isSet = true
            thread.close()
            near.crash("near")
        }
        return try near.finish("near", body)
    }

    func end() {
        near.shutDown()
        far.shutDown()
        proxy.close()
    }

    private final class Flag { var isSet = false }
}

private func connect(_ machine: Machine) async throws -> any Connection {
    try await machine.network.connect(to: Address(host: "far", port: 7))
}

@Suite("A proxy between processes")
struct LinkProxyTests {
    @Test("It hands on what it is given, both ways and whole")
    func passes() throws {
        let line = try Line()
        defer { line.end() }
        let sent = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let back = try line.call { machine in
            let connection = try await connect(machine)
            try await connection.send(sent)
            return try await connection.receive()
        }
        #expect(back == sent)
        #expect(line.proxy.currentCounts().connections == 1)
        #expect(line.proxy.currentCounts().bytes > 2 * sent.count)
    }

    @Test("What goes a delayed way takes as much longer, and a slow way carries so many bytes")
    func slows() throws {
        let line = try Line()
        defer { line.end() }
        func time(_ byteCount: Int) throws -> Duration {
            try line.call { machine in
                let connection = try await connect(machine)
                let start = machine.clock.now
                try await connection.send([UInt8](repeating: 1, count: byteCount))
                _ = try await connection.receive()
                return machine.clock.now - start
            }
        }
        var rule = LinkProxy.Rule()
        rule.delay = .milliseconds(200)
        line.proxy.set([LinkProxy.Way("far", "near"): rule])
        #expect(try time(10) >= .milliseconds(200))
        rule = LinkProxy.Rule()
        rule.bytesPerSecond = 100_000
        line.proxy.set([LinkProxy.Way("near", "far"): rule])
        #expect(try time(50_000) >= .milliseconds(450))
    }

    @Test("What goes a blocked way waits until it is open again")
    func blocks() throws {
        let line = try Line()
        defer { line.end() }
        var rule = LinkProxy.Rule()
        rule.isBlocked = true
        line.proxy.set([LinkProxy.Way("far", "near"): rule])
        let proxy = line.proxy
        let (early, late) = try line.call { machine -> (Bool, [UInt8]) in
            let connection = try await connect(machine)
            try await connection.send([1, 2, 3])
            var isEarly = true
            machine.spawn("end of the block") {
                try await machine.sleep(.milliseconds(400))
                isEarly = false
                proxy.set([:])
            }
            let answer = try await connection.receive()
            return (isEarly, answer)
        }
        #expect(!early && late == [1, 2, 3])
    }

    @Test("A connection that it breaks is reset, and the next one works")
    func breaks() throws {
        let line = try Line()
        defer { line.end() }
        let proxy = line.proxy
        let outcome = try line.call { machine -> NetworkError? in
            let connection = try await connect(machine)
            try await connection.send([1])
            _ = try await connection.receive()
            proxy.reset(connectionsOf: "near")
            do {
                _ = try await connection.receive()
                return nil
            } catch let error as NetworkError {
                return error
            }
        }
        #expect(outcome == .reset(Address(host: "far", port: 7)))
        #expect(line.proxy.currentCounts().resets == 1)
        let again = try line.call { machine in
            let connection = try await connect(machine)
            try await connection.send([9])
            return try await connection.receive()
        }
        #expect(again == [9])
    }
}
