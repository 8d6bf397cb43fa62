import Changelog
import Cluster
import Platform
import Server

extension OracleName {
    public static let leftovers = OracleName("leftovers")
}

/// A log's folder holds the files of its segments and nothing else: what a crash left half done is
/// removed when the log is opened, and what was cut or dropped is removed at once. A server that a
/// bucket has left holds none of it.
///
/// A file counts that has been there for some seconds in which nothing disturbed its server.
final class Leftovers: Oracle {
    static let description = OracleDescription(
        .leftovers, "the folder of a log holds no file that the log does not know",
        compares: "files in the folders of logs with their segments",
        needs: [.cluster, .durableDisks, .faults])

    private static let interval: Int64 = 3
    private static let bound = Duration.seconds(8)

    private struct Copy: Hashable {
        var node: String
        var bucket: BucketIdentifier
    }

    private let evidence: Evidence
    private let tally: Tally
    private var seconds: Int64 = 0
    /// Since when a server has had files of a bucket that has left it.
    private var strays: [Copy: Int64] = [:]
    /// Since when a file was there that its log does not know, by the life of the replica.
    private var since: [Copy: (life: ObjectIdentifier, files: [String: Int64])] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// A run may be over before its servers have been at rest for once.
    var hasWork: Bool { tally.compared > 0 }

    func learned(_ fact: Fact) {
        guard case .second = fact else { return }
        seconds += 1
        if seconds % Self.interval != 0 { return }
        for (name, server) in evidence.observation.deployment.runningServers {
            lookForStrays(on: name.description, server)
            for bucket in server.replicas.keys.sorted() {
                look(at: server.replicas[bucket]!, Copy(node: name.description, bucket: bucket))
            }
        }
    }

    /// Files of buckets whose replicas have moved elsewhere.
    private func lookForStrays(on node: String, _ server: TabletServer) {
        let observation = evidence.observation
        for table in observation.tables {
            for bucket in evidence.buckets(of: table) where server.replicas[bucket] == nil {
                let copy = Copy(node: node, bucket: bucket)
                guard let state = observation.state(of: bucket), !state.replicas.contains(node),
                    !observation.fileNames(of: node, in: "logs/\(bucket.path)").isEmpty
                else {
                    strays[copy] = nil
                    continue
                }
                let first = strays[copy] ?? observation.nanoseconds
                strays[copy] = first
                tally.count()
                let calmSince = max(
                    observation.lastDisturbance(of: node) ?? 0,
                    observation.lastDisturbance(withStore: false) ?? 0)
                if first == .max || calmSince == .max { continue }
                let age = Duration.nanoseconds(observation.nanoseconds - max(first, calmSince))
                if age < Self.bound { continue }
                strays[copy] = .max
                tally.violated(
                    "\(evidence.place(of: bucket)) has left \(node), which has kept its files for "
                        + "\(age.components.seconds) s")
            }
        }
    }

    private func look(at replica: Replica, _ copy: Copy) {
        let observation = evidence.observation
        let life = ObjectIdentifier(replica)
        let before = since[copy].flatMap { $0.life == life ? $0.files : nil } ?? [:]
        var unknown: [String: Int64] = [:]
        let names = observation.fileNames(of: copy.node, in: "logs/\(copy.bucket.path)")
        for name in names where !replica.log.knows(fileNamed: name) {
            unknown[name] = before[name] ?? observation.nanoseconds
        }
        since[copy] = (life, unknown)
        tally.count()
        let calmSince = observation.lastDisturbance(of: copy.node) ?? 0
        for name in unknown.keys.sorted() where calmSince != .max {
            let first = max(unknown[name]!, calmSince)
            let age = Duration.nanoseconds(observation.nanoseconds - first)
            if age < Self.bound || observation.damagedNodes.contains(copy.node) { continue }
            tally.violated(
                "\(evidence.place(of: copy.bucket)) on \(copy.node): its folder has had \(name) "
                    + "for \(age.components.seconds) s, which is none of its segments'")
            // Said once.
            since[copy]!.files[name] = .max
        }
    }
}
