import Changelog
import Columnar
import Platform

/// How a server notices that its disk is not the one that it had.
///
/// An in-sync replica that comes back with nothing would look like one that was always empty, and
/// could be made a leader of what it lost. So the disk bears a name, and the coordination service
/// knows it: with another disk, or an empty one, the server leaves every in-sync set before it
/// takes part. (Kafka's KIP-966 asks for an unclean start to be told for the same reason.)
extension TabletServer {
    private static let identityFile = "identity"

    /// Compares the disk with the one that is known; returns once that is certain.
    func checkDisk() async throws {
        var retry = Backoff(configuration)
        while true {
            do {
                return try await compareDisk()
            } catch let error as DiskError {
                machine.halt("identity of the disk: \(error)")
                throw Terminated()
            } catch is CoordinationError {
            } catch let error as ClusterError {
                machine.observer.note(.warning, "identity of the disk: \(error)")
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    private func compareDisk() async throws {
        let key = MetadataKey.disk(of: machine.name).text
        let entry = try await machine.coordination.get(key)
        let known = try entry.map { try mirror.read(DiskIdentity.self, from: $0.value) }
        let own = try await machine.readFile(Self.identityFile, limit: 64).map(DiskIdentity.init)
        if let own, own == known { return }
        if known != nil {
            isDiskReplaced = true
            machine.observer.reached("disk replaced")
            machine.observer.note(
                .warning,
                "the disk of \(machine.name) is not the one that it had: what it holds "
                    + "is fetched anew")
            var hasLeftAll = true
            for bucket in mirror.buckets(on: machine.name) {
                if try await !leaveInSync(bucket) { hasLeftAll = false }
            }
            // Until then every start has to find out again.
            if !hasLeftAll { return }
        }
        let next = own ?? DiskIdentity(text: machine.entropy.uuid())
        if own == nil {
            try await machine.disk.replaceFile(
                Self.identityFile, with: Array(next.text.utf8), in: "")
        }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [entry.map { .revision(key: key, $0.revision) } ?? .absent(key: key)],
                operations: [.put(key: key, value: mirror.stored(next), lease: nil)]))
        if case .conflict = result {
            throw ClusterError.busy(reason: "the identity of the disk is being written")
        }
    }
}

/// The name of a server's disk.
struct DiskIdentity: StoredValue, Hashable {
    var text: String

    init(text: String) { self.text = text }

    init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    func encode(into writer: inout ByteWriter) { writer.append(string: text) }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        text = try reader.readString()
    }
}
