import Platform
import Simulation

/// Watches what writers were left in doubt about: what a commit in doubt names must stay.
///
/// An object that some manifest names is deleted only by someone who knows whether that manifest
/// was committed. So, from the moment on at which the writer of an object got no answer until
/// somebody has read or written it with one, nothing that it names may be deleted, and if it
/// landed, it stays.
final class UnknownOutcomes {
    /// Objects in doubt, each with the keys that its bytes name.
    private var doubts: [String: Set<String>] = [:]
    private let world: SimulationWorld
    private let tally: Tally

    /// How often a writer was left in doubt.
    private(set) var count = 0

    init(_ world: SimulationWorld, _ tally: Tally) {
        self.world = world
        self.tally = tally
    }

    func observe() {
        world.objects.onUnknownPut = { [self] key, bytes in
            count += 1
            doubts[key] = named(by: bytes, besides: key)
        }
        world.objects.onKnown = { [self] key in
            if let named = doubts.removeValue(forKey: key) { expectAll(named, by: key) }
        }
        world.objects.onDelete = { [self] key in
            let doubt = doubts.keys.sorted().first { doubts[$0]!.contains(key) }
            tally.expect(
                doubt == nil,
                "object \(key) was deleted while \(doubt ?? "") names it, whose writer had "
                    + "no answer")
        }
        world.catalog.onUnknownSwap = { [self] _, path in
            count += 1
            doubts[path] = named(by: Array(path.utf8), besides: "")
        }
    }

    /// The objects in the same folder whose keys occur in `bytes`.
    private func named(by bytes: [UInt8], besides key: String) -> Set<String> {
        let text = String(decoding: bytes, as: UTF8.self)
        let folder = key.split(separator: "/").dropLast().joined(separator: "/")
        return Set(
            world.objects.keys(prefix: folder).filter { $0 != key && text.contains($0) })
    }

    /// Looks whether all is there that is named by what is still in doubt.
    func check() {
        for key in doubts.keys.sorted() { expectAll(doubts[key]!, by: key) }
    }

    private func expectAll(_ named: Set<String>, by key: String) {
        let gone = named.sorted().first { world.objects.bytes($0) == nil }
        tally.expect(
            gone == nil, "object \(gone ?? "") is gone, which \(key) of unknown outcome names")
    }
}
