import Platform
import Simulation

/// Watches what writers were left in doubt about: whatever of it came to be must stay.
final class UnknownOutcomes {
    /// Objects whose writer got no answer, and metadata files whose commit got none.
    private var keys: Set<String> = []
    private var landed: Set<String> = []

    /// How often a writer was left in doubt.
    private(set) var count = 0

    func observe(_ world: SimulationWorld, _ tally: Tally) {
        world.objects.onUnknownPut = { [self] key in
            count += 1
            keys.insert(key)
            if world.objects.bytes(key) != nil { landed.insert(key) }
        }
        world.objects.onPut = { [self] key in
            if keys.contains(key) { landed.insert(key) }
        }
        world.objects.onKnown = { [self] key in
            guard keys.remove(key) != nil else { return }
            tally.expect(
                landed.remove(key) == nil || world.objects.bytes(key) != nil,
                "object \(key), of unknown outcome, landed and was gone when it was looked at")
        }
        world.objects.onDelete = { [self] key in
            tally.expect(
                !keys.contains(key), "object \(key) was deleted though its writer had no answer")
        }
    }

    /// Looks whether all that landed is still there.
    func check(_ world: SimulationWorld, _ tally: Tally) {
        for key in keys.sorted() {
            tally.expect(
                !landed.contains(key) || world.objects.bytes(key) != nil,
                "object \(key), of unknown outcome, landed and is gone")
        }
    }
}
