/// Manifests as they were decoded: they never change, and most of them are of many snapshots.
///
/// It holds a bounded number of entries; what was not asked for the longest goes first.
public final class ManifestCache {
    private struct Held {
        var manifest: Manifest
        var lastUse: Int
    }

    private let entryLimit: Int
    private var held: [String: Held] = [:]
    private var entryCount = 0
    private var useCount = 0

    public init(entryLimit: Int = 20_000) {
        precondition(entryLimit > 0, "a cache that can hold nothing")
        self.entryLimit = entryLimit
    }

    func manifest(_ path: String) -> Manifest? {
        useCount += 1
        held[path]?.lastUse = useCount
        return held[path]?.manifest
    }

    func add(_ manifest: Manifest, _ path: String) {
        if manifest.entries.count > entryLimit / 2 || held[path] != nil { return }
        useCount += 1
        held[path] = Held(manifest: manifest, lastUse: useCount)
        entryCount += manifest.entries.count + 1
        while entryCount > entryLimit {
            // Each use has its own number, so that this is one manifest and always the same.
            guard let oldest = held.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
            held[oldest.key] = nil
            entryCount -= oldest.value.manifest.entries.count + 1
        }
        precondition(entryCount >= 0, "more was dropped than held")
    }
}
