import Platform
import Testing

@Suite("Processors, simulated and real")
struct ProcessorContractTests {
    private struct Refused: Error {}

    @Test("Work comes back with what it returned", arguments: WorldKind.allCases)
    func value(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let bytes = [UInt8](repeating: 3, count: 100_000)
            let sum = try await machine.compute(.merge, byteCount: bytes.count) {
                bytes.reduce(0) { $0 + Int($1) }
            }
            #expect(sum == 300_000)
        }
    }

    @Test("Work comes back with what it threw", arguments: WorldKind.allCases)
    func failure(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            do {
                try await machine.compute(.merge, byteCount: 1) { throw Refused() }
                Issue.record("the work threw, and nobody heard of it")
            } catch is Refused {}
        }
    }

    @Test("The machine goes on meanwhile", arguments: WorldKind.allCases)
    func concurrency(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let work = machine.result {
                try await machine.compute(.indexBuild, byteCount: 1_000_000) {
                    (0..<2_000_000).reduce(into: UInt64(1)) { $0 = $0 &* 31 &+ UInt64($1) }
                }
            }
            var turns = 0
            while work.count == 0 {
                try await machine.sleep(.milliseconds(1))
                turns += 1
            }
            #expect(turns > 1)
        }
    }

    @Test("Several pieces of work all come back", arguments: WorldKind.allCases)
    func several(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let parts = (1...20).map { number in
                machine.result {
                    try await machine.compute(.fileEncoding, byteCount: number * 1000) { number }
                }
            }
            var sum = 0
            for part in parts { sum += try await part.receive()?.get() ?? 0 }
            #expect(sum == 210)
        }
    }

    @Test("Who waits for work is ended with the machine", arguments: WorldKind.allCases)
    func ending(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let log = Channel<String>(machine)
            world.start("machine-2") { other in
                do {
                    try await other.compute(.indexBuild, byteCount: 100_000_000) {
                        _ = (0..<1_000_000).reduce(0, &+)
                    }
                    log.send("done")
                } catch is Terminated {
                    log.send("ended")
                    throw Terminated()
                }
            }
            world.crash("machine-2")
            let word = try await log.receive()
            #expect(word == "ended")
        }
    }
}
