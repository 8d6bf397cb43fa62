import Changelog
import Cluster
import Platform
import RunReports
import Simulation

/// Counts what the bytes of a run are for.
///
/// Each byte that a machine of the cluster writes, sends or puts is counted once, so that the
/// layers of a place add up to what the machines' own counters say.
final class ByteLedger: ByteWitness {
    private(set) var counts: [ByteLayer.Place: [ByteLayer: Int]] = [:]
    private let machines: Set<String>
    private let port: Int

    /// `machines` are those of the cluster; `port` is the one that its nodes take calls at.
    init(machines: Set<String>, port: Int) {
        self.machines = machines
        self.port = port
    }

    func wrote(_ bytes: ArraySlice<UInt8>, to path: String, on machine: String) {
        if machines.contains(machine) { count(file: path, Array(bytes), at: .written) }
    }

    func sent(_ frame: [UInt8], to peer: Address, from machine: String) {
        guard machines.contains(machine), machines.contains(peer.host) else { return }
        let anatomy = FrameAnatomy(of: frame, isCall: peer.port == port)
        count(anatomy.batches, at: .sent)
        let layer: ByteLayer =
            switch anatomy.kind {
            case .write: .calls
            case .replication, .subscription: .fetches
            case .read: .reads
            case .other: .other
            }
        add(anatomy.envelope, layer, at: .sent)
    }

    func put(_ bytes: [UInt8], at key: String, by machine: String) {
        if machines.contains(machine) { count(object: key, bytes, at: .put) }
    }

    /// Counts what disks and object store hold now.
    func countHeld(in world: SimulationWorld) {
        for machine in machines.sorted() {
            world.forEachFile(of: machine) { count(file: $0, $1, at: .held) }
        }
        for key in world.objects.keys() {
            count(object: key, world.objects.bytes(key) ?? [], at: .held)
        }
    }

    private func count(file path: String, _ bytes: [UInt8], at place: ByteLayer.Place) {
        if path.hasPrefix("logs/") {
            if path.hasSuffix(".log") {
                count(BatchAnatomy(ofSegment: bytes), at: place)
            } else {
                add(bytes.count, .indexes, at: place)
            }
        } else if path.hasPrefix("rows/") {
            add(bytes.count, path.contains("manifest") ? .manifests : .rows, at: place)
        } else {
            add(bytes.count, .other, at: place)
        }
    }

    private func count(object key: String, _ bytes: [UInt8], at place: ByteLayer.Place) {
        if key.hasPrefix("remote-log/") && key.hasSuffix(".log") {
            return count(BatchAnatomy(ofBatches: bytes), at: place)
        }
        let layer: ByteLayer =
            if key.hasSuffix(".manifest") {
                .manifests
            } else if key.hasPrefix("remote-log/") {
                .indexes
            } else if key.hasPrefix("snapshots/") {
                .rows
            } else if key.hasPrefix("vectors/") {
                .vectors
            } else if key.hasSuffix(".parquet") || key.hasSuffix(".puffin") {
                .lakeFiles
            } else if key.contains("/metadata/") {
                .lakeMetadata
            } else {
                .other
            }
        add(bytes.count, layer, at: place)
    }

    private func count(_ anatomy: BatchAnatomy, at place: ByteLayer.Place) {
        add(anatomy.frames, .frames, at: place)
        add(anatomy.headers, .headers, at: place)
        add(anatomy.arrow, .arrow, at: place)
        add(anatomy.records, .records, at: place)
        add(anatomy.other, .other, at: place)
    }

    private func add(_ byteCount: Int, _ layer: ByteLayer, at place: ByteLayer.Place) {
        if byteCount > 0 { counts[place, default: [:]][layer, default: 0] += byteCount }
    }
}
