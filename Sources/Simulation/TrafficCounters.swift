/// Frames and bytes that went one way between two machines since the start of the run.
public struct NetworkCounters: Hashable, Sendable {
    public var frames = 0
    public var bytes = 0

    public init() {}

    public static func += (sum: inout NetworkCounters, more: NetworkCounters) {
        sum.frames += more.frames
        sum.bytes += more.bytes
    }
}

/// What one machine asked of the network and of the services, counted: no part of the trace.
struct TrafficCounters {
    /// By the receiver's index.
    private(set) var sent: [NetworkCounters] = []
    /// Those that had an effect or an answer; it holds no stored bytes.
    private(set) var objects = ObjectStoreCounters()
    var catalogRequests = 0
    /// Frames that were built and could not be sent.
    var oversizedFrames = 0

    mutating func countFrame(to remote: Int32, byteCount: Int) {
        while sent.count <= Int(remote) { sent.append(NetworkCounters()) }
        sent[Int(remote)].frames += 1
        sent[Int(remote)].bytes += byteCount
    }

    /// Adds what a request has changed in the counters of the whole store.
    mutating func countObjects(from before: ObjectStoreCounters, to after: ObjectStoreCounters) {
        objects.puts += after.puts - before.puts
        objects.putBytes += after.putBytes - before.putBytes
        objects.gets += after.gets - before.gets
        objects.getBytes += after.getBytes - before.getBytes
        objects.heads += after.heads - before.heads
        objects.lists += after.lists - before.lists
        objects.deletes += after.deletes - before.deletes
    }
}

extension ObjectStoreCounters {
    public static func += (sum: inout ObjectStoreCounters, more: ObjectStoreCounters) {
        sum.puts += more.puts
        sum.putBytes += more.putBytes
        sum.gets += more.gets
        sum.getBytes += more.getBytes
        sum.heads += more.heads
        sum.lists += more.lists
        sum.deletes += more.deletes
        sum.storedBytes += more.storedBytes
    }
}

extension SimulationWorld {
    /// What one machine has sent to another, whether it arrived or not.
    public func networkCounters(from sender: String, to receiver: String) -> NetworkCounters {
        let position = Int(node(receiver).index)
        let sent = node(sender).traffic.sent
        return position < sent.count ? sent[position] : NetworkCounters()
    }

    /// What one machine has asked of the object store; stored bytes belong to no machine.
    public func objectCounters(of name: String) -> ObjectStoreCounters {
        node(name).traffic.objects
    }

    /// Requests of one machine to the lake catalog that had an effect or an answer.
    public func catalogRequests(of name: String) -> Int { node(name).traffic.catalogRequests }
}
