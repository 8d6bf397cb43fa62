import Platform
import Simulation
import TestSupport
import Testing

@Suite("What machines send and ask is counted")
struct TrafficTests {
    @Test("Frames and bytes are counted for each way between two machines")
    func frames() {
        let world = SimulationWorld(seed: 1)
        for name in ["left", "right"] { world.addMachine(name) }
        var isDone = false
        world.start("right") { machine in
            let listener = try await machine.network.listen(port: 7)
            let connection = try await listener.accept()
            for _ in 0..<3 { _ = try await connection.receive() }
            try await connection.send([1, 2])
        }
        world.start("left") { machine in
            let connection = try await machine.network.connect(to: Address(host: "right", port: 7))
            for size in [10, 20, 30] {
                try await connection.send([UInt8](repeating: 0, count: size))
            }
            _ = try await connection.receive()
            isDone = true
        }
        #expect(world.run(atMost: .seconds(10)) { isDone })
        let there = world.networkCounters(from: "left", to: "right")
        #expect(there.frames == 3 && there.bytes == 60)
        let back = world.networkCounters(from: "right", to: "left")
        #expect(back.frames == 1 && back.bytes == 2)
        #expect(world.networkCounters(from: "left", to: "left") == NetworkCounters())
        world.shutDown()
    }

    @Test("Requests to the object store and the catalog are counted for the machine that asks")
    func requests() {
        let world = SimulationWorld(seed: 1)
        for name in ["idle", "busy"] { world.addMachine(name) }
        var isDone = false
        world.start("busy") { machine in
            _ = try await machine.objectStore.put([1, 2, 3], at: "a", .always)
            _ = try await machine.objectStore.put([4], at: "b", .ifAbsent)
            _ = try await machine.objectStore.get("a")
            _ = try await machine.objectStore.head("none")
            _ = try await machine.objectStore.list(prefix: "", after: nil, limit: 10)
            try await machine.objectStore.delete("b")
            _ = try await machine.lakeCatalog.list()
            isDone = true
        }
        #expect(world.run(atMost: .seconds(10)) { isDone })
        let busy = world.objectCounters(of: "busy")
        #expect(busy.puts == 2 && busy.putBytes == 4 && busy.gets == 1 && busy.getBytes == 3)
        #expect(busy.heads == 1 && busy.lists == 1 && busy.deletes == 1)
        #expect(world.catalogRequests(of: "busy") == 1)
        #expect(world.objectCounters(of: "idle") == ObjectStoreCounters())
        #expect(world.catalogRequests(of: "idle") == 0)
        world.shutDown()
    }
}
