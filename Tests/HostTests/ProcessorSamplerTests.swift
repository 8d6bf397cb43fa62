import Glibc
import Host
import Testing

/// In processes of their own: a signal so often is no weather for the tests beside them.
@Suite("Sampling of the processor")
struct ProcessorSamplerTests {
    @Test("Finds the function that keeps the processor busy, with those that called it")
    func busy() async {
        await #expect(processExitsWith: .success) {
            let sampler = ProcessorSampler(seconds: 60)
            try sampler.start()
            var sum: UInt64 = 1
            // Of its own time on a processor, which it may have to share with much else.
            let end = clock() + 400 * clock_t(CLOCKS_PER_SEC) / 1000
            while clock() < end { sum = spin(sum) }
            let samples = sampler.stop()
            precondition(sum != 0 && samples.count > 5, "\(samples.count) samples")
            let spinning = samples.filter { frames in
                frames.contains { $0.function.contains("spin") && $0.library == nil }
            }
            precondition(
                spinning.count > samples.count / 2, "\(spinning.count) of \(samples.count)")
            precondition(samples.allSatisfy { !$0.isEmpty && $0.count <= 32 })
        }
    }

    @Test("Can be started again")
    func again() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<3 {
                let sampler = ProcessorSampler(seconds: 1)
                try sampler.start()
                _ = sampler.stop()
            }
        }
    }
}

@inline(never)
private func spin(_ seed: UInt64) -> UInt64 {
    var state = seed
    for _ in 0..<100_000 { state = state &* 6_364_136_223_846_793_005 &+ 1 }
    return state
}
