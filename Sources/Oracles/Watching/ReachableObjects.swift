import Columnar
import Iceberg

/// The objects that the snapshots of a lake table need, as long as the table has them.
struct ReachableObjects {
    struct LiveFile {
        var file: DataFile
        /// By column id: values that all rows have, as its partition says.
        var values: [Int32: Value]
        var sequenceNumber: Int64
    }

    /// A manifest and the live files that it names.
    struct ManifestFiles {
        var key: String
        /// The files, and their object keys.
        var entries: [LiveFile] = []
        var keys: [String] = []

        init(key: String) { self.key = key }
    }

    private struct Reach {
        var list: String
        var manifests: [ManifestFiles]
    }

    private var snapshots: [Int64: Reach] = [:]
    /// How many snapshots need an object.
    private var uses: [String: Int] = [:]

    var keys: [String] { uses.keys.sorted() }

    func contains(_ key: String) -> Bool { uses[key] != nil }

    mutating func add(_ snapshot: Int64, _ list: String, _ manifests: [ManifestFiles]) {
        precondition(snapshots[snapshot] == nil, "a snapshot is taken in once")
        let reach = Reach(list: list, manifests: manifests)
        snapshots[snapshot] = reach
        change(reach, by: 1)
    }

    /// Forgets what only other snapshots than these need.
    mutating func keep(_ kept: [Int64]) {
        let kept = Set(kept)
        for snapshot in snapshots.keys.sorted() where !kept.contains(snapshot) {
            change(snapshots.removeValue(forKey: snapshot)!, by: -1)
        }
    }

    private mutating func change(_ reach: Reach, by step: Int) {
        for key in [reach.list] + reach.manifests.flatMap({ [$0.key] + $0.keys }) {
            let count = uses[key, default: 0] + step
            precondition(count >= 0, "an object is let go of more often than it was taken")
            uses[key] = count == 0 ? nil : count
        }
    }
}
