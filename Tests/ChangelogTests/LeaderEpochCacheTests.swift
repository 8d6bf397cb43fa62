import Testing

@testable import Changelog

@Suite("Leader epochs")
struct LeaderEpochCacheTests {
    private func cache(_ entries: (Int32, Int64)...) -> LeaderEpochCache {
        var cache = LeaderEpochCache()
        for (epoch, offset) in entries { cache.append(epoch, at: offset) }
        return cache
    }

    @Test("An epoch ends where the next begins, the latest at the end of the log")
    func ends() {
        let cache = cache((1, 0), (3, 10), (7, 25))
        #expect(cache.end(of: 1, logEndOffset: 40) == .init(epoch: 1, endOffset: 10))
        #expect(cache.end(of: 3, logEndOffset: 40) == .init(epoch: 3, endOffset: 25))
        #expect(cache.end(of: 7, logEndOffset: 40) == .init(epoch: 7, endOffset: 40))
    }

    @Test("For an epoch the log has nothing of, the one before it answers (KIP-279)")
    func missingEpoch() {
        let cache = cache((1, 0), (3, 10), (7, 25))
        #expect(cache.end(of: 5, logEndOffset: 40) == .init(epoch: 3, endOffset: 25))
        #expect(cache.end(of: 9, logEndOffset: 40) == .init(epoch: 7, endOffset: 40))
        #expect(cache.end(of: 0, logEndOffset: 40) == nil)
        #expect(LeaderEpochCache().end(of: 4, logEndOffset: 0) == nil)
    }

    @Test("Truncation takes the epochs that begin at or after the end, also at the end itself")
    func truncation() {
        var cache = cache((1, 0), (3, 10), (7, 25))
        cache.truncate(to: 25)
        #expect(cache.latest == 3)
        cache.truncate(to: 11)
        #expect(cache.latest == 3)
        cache.truncate(to: 0)
        #expect(cache.latest == nil)
    }

    @Test("Each offset has the epoch of its batch")
    func epochAtOffset() {
        let cache = cache((1, 5), (3, 10))
        #expect(cache.epoch(at: 4) == nil)
        #expect(cache.epoch(at: 9) == 1)
        #expect(cache.epoch(at: 10) == 3)
    }
}
