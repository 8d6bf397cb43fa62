import Changelog
import Cluster
import Server

/// What should not be there any more once a cluster has rested: of dropped tables and partitions,
/// of replicas that moved elsewhere, and what a log or the rows of a term left behind.
///
/// Folders without files count for nothing: the seam of the disk cannot remove one.
struct Remains {
    private let evidence: Evidence
    private var observation: any Observation { evidence.observation }

    init(_ evidence: Evidence) { self.evidence = evidence }

    func found() -> [Stall] { entries() + objects() + files() }

    /// Whether all that has to stand in the coordination service for something to be kept does.
    private func isOwned(_ owners: [String]) -> Bool {
        owners.allSatisfy { observation.coordinationValue($0) != nil }
    }

    private func entries() -> [Stall] {
        observation.coordinationKeys(prefix: StoredReferences.root).compactMap { key -> Stall? in
            guard let owners = StoredReferences.owners(ofEntry: key), !isOwned(owners) else {
                return nil
            }
            return Stall(
                key: key, text: "the coordination service has \(key), whose table was dropped")
        }
    }

    private func objects() -> [Stall] {
        ["remote-log/", "snapshots/", "vectors/"].flatMap { root in
            observation.objectKeys(prefix: root).compactMap { key -> Stall? in
                guard let owners = StoredReferences.owners(ofBucketPath: key), !isOwned(owners)
                else { return nil }
                return Stall(key: key, text: "object \(key) is there, whose table was dropped")
            }
        }
    }

    // MARK: Disks

    private func files() -> [Stall] {
        var found: [Stall] = []
        for (name, server) in observation.deployment.runningServers {
            let node = name.description
            let folders =
                folders(of: node, under: "logs", depth: 3)
                + folders(of: node, under: "rows", depth: 4)
            for folder in folders {
                let files = observation.fileNames(of: node, in: folder)
                guard let file = files.first,
                    let reason = reason(folder, files, node, server)
                else { continue }
                found.append(
                    Stall(
                        key: "\(node)/\(folder)", text: "\(node) has \(folder)/\(file), \(reason)"))
            }
        }
        return found
    }

    /// All folders below one, itself not among them.
    private func folders(of node: String, under root: String, depth: Int) -> [String] {
        if depth == 0 { return [] }
        return observation.folderNames(of: node, in: root).flatMap { name in
            let folder = "\(root)/\(name)"
            return [folder] + folders(of: node, under: folder, depth: depth - 1)
        }
    }

    /// Why a folder on a server should hold no file, or none of this name; nil if all is well.
    private func reason(
        _ folder: String, _ files: [String], _ node: String, _ server: TabletServer
    ) -> String? {
        guard let owners = StoredReferences.owners(ofBucketPath: folder) else { return nil }
        if !isOwned(owners) { return "whose table was dropped" }
        let isLog = folder.hasPrefix("logs/")
        let parts = folder.split(separator: "/").map(String.init)
        guard let bucket = BucketIdentifier(path: isLog ? parts[1...] : parts[1...].dropLast())
        else { return nil }
        guard let state = observation.state(of: bucket) else { return nil }
        if !state.replicas.contains(node) {
            return "whose bucket is on \(state.replicas.joined(separator: ", "))"
        }
        guard let replica = server.replicas[bucket] else { return nil }
        if isLog {
            let stray = files.first { !replica.log.knows(fileNamed: $0) }
            return stray.map { "and \($0) is none of its log's" }
        }
        return replica.isLeader ? nil : "rows of a term that has ended"
    }
}
