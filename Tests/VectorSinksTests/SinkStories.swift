import Platform
import Simulation
import Testing

@testable import VectorSinks

@Suite("A sink brings a changelog to a vector service")
struct SinkStories {
    @Test("Everything arrives, each key as it is at the end")
    func plain() {
        let stage = Stage(seed: 1, changeCount: 300)
        stage.start()
        #expect(stage.world.run(atMost: .seconds(60)) { stage.isDone })
        #expect(stage.points == stage.expected)
        #expect(stage.setbackCount == 0)
        stage.end()
    }

    @Test(
        "Whatever is lost, late or forgotten, and whenever the sink dies, nothing older comes back",
        arguments: UInt64(1)...24)
    func faults(seed: UInt64) {
        let stage = Stage(seed: seed, changeCount: 400)
        stage.world.vectors.comparesVersions = seed % 3 == 0
        let random = RandomStream(seed: seed, label: "story")
        var faults = ServiceFaults()
        faults.refusalsPerMillion = 100_000
        faults.lostBeforePerMillion = 30_000
        faults.lostAfterPerMillion = 30_000
        faults.slowFactor = 20
        stage.world.vectors.faults = faults
        stage.start()
        for _ in 0..<10 {
            stage.world.run(for: .milliseconds(random.next(in: 1..<40_000)))
            stage.crash()
            if random.chance(1, in: 3) { stage.world.vectors.restart() }
            stage.world.run(for: .milliseconds(random.next(in: 1..<2000)))
            stage.start()
        }
        stage.world.vectors.faults = ServiceFaults()
        #expect(stage.world.run(atMost: .seconds(1200)) { stage.isDone })
        stage.world.run(for: .seconds(60))
        #expect(stage.points == stage.expected)
        #expect(stage.setbackCount == 0)
        stage.end()
    }

    @Test("Nothing more is read while the service takes nothing")
    func pressure() {
        let stage = Stage(seed: 3, changeCount: 300)
        stage.start()
        stage.world.run(for: .milliseconds(100))
        stage.world.vectors.faults.isUnavailable = true
        stage.world.run(for: .seconds(5))
        let readCount = stage.source?.readCount
        stage.world.run(for: .seconds(60))
        #expect(stage.source?.readCount == readCount && !stage.isDone)
        stage.world.vectors.faults.isUnavailable = false
        #expect(stage.world.run(atMost: .seconds(60)) { stage.isDone })
        stage.end()
    }

    @Test("What a restart of the service forgets was never noted as confirmed")
    func restarts() {
        let stage = Stage(seed: 4, changeCount: 400)
        stage.start()
        for _ in 0..<8 {
            stage.world.run(for: .milliseconds(83))
            stage.world.vectors.restart()
        }
        #expect(stage.world.run(atMost: .seconds(600)) { stage.isDone })
        #expect(stage.points == stage.expected)
        stage.end()
    }
}
