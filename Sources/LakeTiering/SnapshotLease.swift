public import Iceberg
import JSON
import Platform

/// Keeps a snapshot's files where they are while somebody reads them.
///
/// It is an object in the table's folder, `leases/<snapshot>-<uuid>`, which says where the manifest
/// list is; whoever maintains the table lets no snapshot expire that has one, and deletes nothing
/// that such a snapshot reaches. Nobody compares clocks: a lease is over when its object is gone,
/// or has stayed as it is for `duration` by the maintainer's own clock. So its holder writes it
/// anew in time.
///
/// The holder writes it first and looks then whether the table still has the snapshot; a maintainer
/// lets it expire first and looks then for leases. One of them sees the other.
public final class SnapshotLease {
    /// How long a lease lasts that is not written anew.
    public static let duration = Duration.seconds(60)

    private let machine: Machine
    private let key: String
    private let snapshot: Snapshot
    private var renewalCount = 0
    private var writtenAt: Instant

    private init(_ machine: Machine, _ key: String, _ snapshot: Snapshot) {
        self.machine = machine
        self.key = key
        self.snapshot = snapshot
        writtenAt = machine.clock.now
    }

    /// Takes a lease; nil if the store does not take it, in which case the files stay for as long
    /// as the snapshot does.
    ///
    /// `IcebergError.noSuchSnapshot` if the table has let go of the snapshot already: read anew.
    public static func take(
        _ snapshot: Snapshot, of lake: LakeTable
    ) async throws -> SnapshotLease? {
        let machine = lake.machine
        let path =
            "\(lake.metadata.location)/\(LakeTable.leaseFolder)/\(snapshot.identifier)-"
            + machine.entropy.uuid()
        guard let key = try? lake.location.key(of: path) else { return nil }
        let lease = SnapshotLease(machine, key, snapshot)
        guard await lease.write() else {
            machine.observer.reached("lake snapshot read without a lease")
            return nil
        }
        do {
            if try await lake.stillHas(snapshot) { return lease }
        } catch IcebergError.unavailable {
            // Whether it is too late is not known: the read goes on, and may find out.
            return lease
        } catch {
            await lease.end()
            throw error
        }
        await lease.end()
        machine.observer.reached("lake snapshot expired before its lease")
        throw IcebergError.noSuchSnapshot(
            table: lake.name.description, snapshot: snapshot.identifier)
    }

    /// Writes the lease anew where a third of its time is over; to be called now and then.
    public func keep() async {
        if machine.clock.now - writtenAt < Self.duration / 3 { return }
        renewalCount += 1
        if await write() { machine.observer.reached("lake lease renewed") }
    }

    private func write() async -> Bool {
        let began = machine.clock.now
        let body: JSONValue = [
            "snapshot-id": .integer(snapshot.identifier),
            "manifest-list": .string(snapshot.manifestList),
            "renewal": .integer(Int64(renewalCount)),
        ]
        guard
            (try? await machine.objectStore.put(Array(body.compact.utf8), at: key, .always))
                != nil
        else { return false }
        writtenAt = began
        return true
    }

    /// Lets the snapshot go.
    public func end() async { try? await machine.objectStore.delete(key) }
}
