import Platform

/// A reader that must not be overtaken by the expiry of the log that it reads.
///
/// Fluss lets slow readers be overtaken: they are told where the log starts by then. So does this
/// engine, unless a reader says how far it has come; what it said ends with its lease, so that a
/// reader that is gone holds nothing.
public final class LogHold {
    public let table: TableDescription
    private let name: String
    private let client: ClusterClient
    private var lease: LeaseIdentifier?
    /// Whether something was said under this lease, for certain.
    private var isKnown = false
    private var offsets = ConsumedOffsets()

    fileprivate init(_ client: ClusterClient, _ table: TableDescription, _ name: String) {
        self.client = client
        self.table = table
        self.name = name
    }

    /// Says that everything of a bucket below `offset` was read.
    ///
    /// Nothing is sent before `renew`.
    public func advance(_ bucket: BucketIdentifier, to offset: Int64) {
        precondition(bucket.table == table.identifier, "\(bucket) is not of \(table.name)")
        precondition(offset >= offsets[bucket], "a reader of \(bucket) went back")
        offsets[bucket] = offset
    }

    /// Tells the cluster how far the reader has come and renews its lease; false if that is not
    /// certain: renew again. Once longer ago than the lease lasts, the log may go on without it.
    public func renew(for duration: Duration) async throws -> Bool {
        let machine = client.machine
        do {
            if let lease {
                try await machine.coordination.renewLease(lease)
            } else {
                lease = try await machine.coordination.grantLease(duration)
            }
        } catch CoordinationError.leaseExpired {
            machine.observer.reached("log hold expired")
            lease = nil
            isKnown = false
            return false
        } catch is CoordinationError {
            return false
        }
        let isSaid = try await client.mirror.publish(
            offsets, by: "reader-" + name, of: table.identifier, lease: lease, isFirst: !isKnown)
        if isSaid { isKnown = true }
        return isSaid
    }
}

extension ClusterClient {
    /// A hold on a table's log for a reader, by a name of its own without slashes; it counts once
    /// `renew` said so.
    public func hold(_ table: TableDescription, as name: String) throws(ClusterError) -> LogHold {
        if name.isEmpty || name.contains("/") {
            throw .invalidRequest(reason: "'\(name)' names no reader: it is a word without slashes")
        }
        return LogHold(self, table, name)
    }
}
