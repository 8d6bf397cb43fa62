import Cluster
import Columnar
import Oracles
import Platform
import Simulation

/// Counts, within each second, requests that are the same and get the same answer.
///
/// Who asks the same again and is told the same has made no progress in between. A fetch asks for
/// many buckets at once and is a new one whenever one of them moves: so refusals of one bucket are
/// counted by themselves.
final class PaceWitness: RequestWitness {
    private struct Call: Hashable {
        var machine: Int32
        var other: Int32
        var number: UInt32
    }

    private struct Repeat: Hashable {
        var machine: Int32
        var other: Int32
        var request: UInt32
        var answer: UInt32
    }

    private struct Refusal: Hashable {
        var machine: Int32
        var what: String
    }

    /// As many in a second are told of.
    private static let toldCount = 20
    /// An answer to a fetch is a refusal and no more only where it is short.
    private static let refusalByteCount = 512

    private unowned let world: SimulationWorld
    private let port: Int
    private var calls: [Call: UInt32] = [:]
    private var repeats: [Repeat: Int] = [:]
    private var refusals: [Refusal: Int] = [:]
    /// Those that have come to the count above, in that order.
    private var toldRepeats: [(Repeat, AnswerSummary)] = []
    private var toldRefusals: [Refusal] = []

    /// `port` is the one that nodes take calls at.
    init(_ world: SimulationWorld, port: Int) {
        self.world = world
        self.port = port
    }

    func sent(_ frame: [UInt8], to peer: Address, from machine: Int32, to other: Int32) {
        var reader = ByteReader(frame)
        guard frame.count > 8, let number: UInt32 = try? reader.readLittleEndian() else { return }
        let hash = crc32c(frame[4...])
        if peer.port == port {
            calls[Call(machine: machine, other: other, number: number)] = hash
            return
        }
        if frame.count < Self.refusalByteCount,
            (try? reader.readLittleEndian(Int16.self)) == AnswerSummary.fetchKey,
            let refusal = AnswerSummary(of: frame)?.refusal
        {
            let target = world.name(ofMachine: machine)
            refusedService("a fetch from \(target): \(refusal)", to: other)
        }
        let call = Call(machine: other, other: machine, number: number)
        guard let request = calls.removeValue(forKey: call) else { return }
        let same = Repeat(machine: other, other: machine, request: request, answer: hash)
        let count = (repeats[same] ?? 0) + 1
        repeats[same] = count
        if count == Self.toldCount, let summary = AnswerSummary(of: frame) {
            toldRepeats.append((same, summary))
        }
    }

    func refused(_ address: Address, to machine: Int32) {
        refusedService("a connection to \(address)", to: machine)
    }

    func refusedService(_ what: @autoclosure () -> String, to machine: Int32) {
        let refusal = Refusal(machine: machine, what: what())
        let count = (refusals[refusal] ?? 0) + 1
        refusals[refusal] = count
        if count == Self.toldCount { toldRefusals.append(refusal) }
    }

    /// What was repeated in the second that ends now.
    func endSecond() -> [RepeatedRequest] {
        var found: [RepeatedRequest] = []
        for (same, summary) in toldRepeats {
            // The same rows may be wanted again and again.
            if summary.isRead && summary.refusal == nil { continue }
            found.append(
                RepeatedRequest(
                    node: world.name(ofMachine: same.machine),
                    target: world.name(ofMachine: same.other), request: summary.call,
                    answer: summary.refusal ?? "the same answer", count: repeats[same]!))
        }
        for refusal in toldRefusals {
            found.append(
                RepeatedRequest(
                    node: world.name(ofMachine: refusal.machine), target: "its target",
                    request: refusal.what, answer: "refused", count: refusals[refusal]!))
        }
        calls.removeAll(keepingCapacity: true)
        repeats.removeAll(keepingCapacity: true)
        refusals.removeAll(keepingCapacity: true)
        toldRepeats = []
        toldRefusals = []
        return found
    }
}
