import Cluster

/// What the current manifests of remote logs and row snapshots need in the object store.
///
/// Several oracles share one: a manifest never changes, so it is read once.
final class StoredNeeds {
    private struct Needs {
        /// The manifest itself among them.
        var objects: Set<String>
        /// The manifests before it that are kept.
        var earlier: [String]
    }

    private static let manifestLimit = 4096

    private let observation: any Observation
    private var needs: [String: Needs] = [:]

    init(_ observation: any Observation) { self.observation = observation }

    /// All objects that what is current under a pointer needs, the manifest among them.
    func needed(at pointerKey: String) -> Set<String> {
        guard let value = observation.coordinationValue(pointerKey),
            let manifest = StoredReferences.manifestKey(in: value)
        else { return [] }
        return needed(by: manifest)
    }

    /// All objects that a manifest needs, itself among them, and those before it that it keeps.
    func needed(by manifest: String) -> Set<String> {
        guard let own = needs(of: manifest) else { return [manifest] }
        // Those before it that are kept were the current ones once, perhaps between two looks.
        return own.earlier.reduce(into: own.objects) { all, earlier in
            all.formUnion(needs(of: earlier)?.objects ?? [earlier])
        }
    }

    /// What one manifest needs by itself; nil if it is not there.
    private func needs(of manifest: String) -> Needs? {
        if let known = needs[manifest] { return known }
        guard let bytes = observation.object(manifest),
            let named = StoredReferences.needs(of: bytes, at: manifest)
        else { return nil }
        if needs.count > Self.manifestLimit { needs.removeAll() }
        let found = Needs(
            objects: Set(named.objects).union([manifest]), earlier: named.manifests)
        needs[manifest] = found
        return found
    }
}
