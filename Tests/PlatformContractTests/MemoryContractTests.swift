import Platform
import Testing

@Suite("Memory, simulated and real")
struct MemoryContractTests {
    @Test("What is held counts until it goes away", arguments: WorldKind.allCases)
    func account(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let memory = machine.memory
            #expect(memory.usedByteCount == 0)
            do {
                let use = MemoryUse(of: memory, byteCount: 100)
                let other = MemoryUse(of: memory)
                other.byteCount = 50
                #expect(memory.usedByteCount == 150)
                use.byteCount = 10
                #expect(memory.usedByteCount == 60)
                withExtendedLifetime((use, other)) {}
            }
            #expect(memory.usedByteCount == 0)
            #expect(memory.peakByteCount == 150)
        }
    }

    @Test("Memory is short when less than a quarter is free", arguments: WorldKind.allCases)
    func shortness(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let unlimited = MemoryUse(of: machine.memory, byteCount: 1 << 40)
            #expect(!machine.memory.isShort(with: 1 << 40))
            unlimited.byteCount = 700
            world.setMemoryLimit("machine-1", byteCount: 1000)
            #expect(!machine.memory.isShort())
            #expect(!machine.memory.isShort(with: 50))
            #expect(machine.memory.isShort(with: 51))
            #expect(machine.memory.freeByteCount == 300)
        }
    }

    @Test(
        "A machine that holds more than it may is ended, and its next life holds nothing",
        arguments: WorldKind.allCases)
    func ending(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            var halted: [String] = []
            world.onHalt { halted.append($0) }
            var effects = 0
            let other = world.start("machine-2") { other in
                let use = MemoryUse(of: other.memory, byteCount: 1000)
                try await other.sleep(.milliseconds(5))
                use.byteCount = 1001
                try await other.sleep(.milliseconds(1))
                effects += 1
            }
            world.setMemoryLimit("machine-2", byteCount: 1000)
            try await machine.sleep(.milliseconds(30))
            #expect(halted == ["machine-2"])
            #expect(!world.isRunning("machine-2"))
            #expect(effects == 0)
            #expect(other.lifetime.isEnded)

            let next = world.start("machine-2")
            #expect(next.memory.usedByteCount == 0)
            #expect(next.memory.limitByteCount == 1000)
        }
    }

    @Test("A limit below what is held ends the machine at once", arguments: WorldKind.allCases)
    func lowering(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            world.start("machine-2") { other in
                let use = MemoryUse(of: other.memory, byteCount: 1000)
                try await other.sleep(.seconds(60))
                withExtendedLifetime(use) {}
            }
            try await machine.sleep(.milliseconds(1))
            world.setMemoryLimit("machine-2", byteCount: 999)
            #expect(!world.isRunning("machine-2"))
        }
    }
}
