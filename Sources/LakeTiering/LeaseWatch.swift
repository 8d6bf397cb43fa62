import Iceberg
import JSON
import Platform

/// What a maintainer knows of the leases of its table.
struct LeaseWatch {
    /// The leases that are in force.
    struct Held: Hashable {
        var snapshots: Set<Int64> = []
        /// By snapshot, the keys of the leases' objects.
        var keys: [Int64: [String]] = [:]
    }

    private struct Seen: Hashable {
        var tag: ObjectTag
        var since: Instant
    }

    /// By the key of its object: since when a lease has stayed as it is.
    private var seen: [String: Seen] = [:]

    /// Looks at the leases, and deletes those that are over.
    ///
    /// Throws `IcebergError.unavailable` if the store does not tell: nothing may be let go of then.
    mutating func look(_ lake: LakeTable, on machine: Machine) async throws -> Held {
        var held = Held()
        var present: [String: Seen] = [:]
        for object in try await lake.objects(in: LakeTable.leaseFolder) {
            let name = object.key.split(separator: "/").last ?? ""
            guard let snapshot = Int64(name.prefix { $0 != "-" }) else { continue }
            var lease = Seen(tag: object.tag, since: machine.clock.now)
            if let known = seen[object.key], known.tag == object.tag { lease = known }
            if machine.clock.now - lease.since >= SnapshotLease.duration,
                (try? await machine.objectStore.delete(object.key)) != nil
            {
                machine.observer.reached("lake lease left behind")
                continue
            }
            present[object.key] = lease
            held.snapshots.insert(snapshot)
            held.keys[snapshot, default: []].append(object.key)
        }
        seen = present
        return held
    }

    /// The manifest lists of held snapshots that a table has no more.
    ///
    /// Throws `IcebergError` if a lease cannot be read that is there.
    func lists(_ held: Held, besides lake: LakeTable) async throws -> [String] {
        var lists: [String] = []
        for snapshot in held.snapshots.sorted()
        where lake.metadata.snapshot(snapshot) == nil {
            for key in held.keys[snapshot] ?? [] {
                do {
                    let bytes = try await lake.machine.objectStore.get(key)
                    let list = (try? JSONValue(parsing: bytes))?["manifest-list"]?.string
                    if let list { lists.append(list) }
                } catch ObjectStoreError.notFound {
                    continue
                } catch let error as ObjectStoreError {
                    throw IcebergError.unavailable(
                        table: lake.name.description, reason: "\(error)")
                }
            }
        }
        return lists
    }
}
