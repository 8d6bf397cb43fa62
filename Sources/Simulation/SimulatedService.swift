import Platform

/// How a remote service fails in the tank; the default is never.
public struct ServiceFaults: Hashable, Sendable {
    /// Every request is refused without effect.
    public var isUnavailable = false
    /// Requests refused without effect.
    public var refusalsPerMillion = 0
    /// Requests whose answer is lost before they had an effect; half of them take it later.
    public var lostBeforePerMillion = 0
    /// Requests whose answer is lost after they had their effect.
    public var lostAfterPerMillion = 0
    /// Conditional writes that another writer wins.
    public var conflictsPerMillion = 0
    /// Uploads that break off half-way: they fail, and nothing of them is ever seen. (Amazon S3
    /// "never adds partial objects": PutObject in its API reference; parts of a multipart upload
    /// that was not completed are no object either.)
    public var tornUploadsPerMillion = 0
    /// Requests that take `tailFactor` times as long (Dean and Barroso, "The Tail at Scale", 2013).
    public var tailPerMillion = 0
    public var tailFactor = 1
    /// Notices after which the last few come once more, in order, as when a watch is resumed from
    /// an older revision.
    public var repeatsPerMillion = 0
    public var slowFactor = 1
    /// Added before each notice of a change.
    public var watchDelay: Duration = .zero

    public init() {}
}

/// A service outside the cluster: how it fails, and what draws when.
protocol FaultyService: AnyObject {
    var world: SimulationWorld! { get }
    var faults: ServiceFaults { get }
    var random: RandomStream { get }
    /// Where its operations are counted.
    var place: Strike.Place { get }
}

/// The ways of a request to a service outside the cluster, and its loss, common to all of them.
struct ServiceCall {
    let service: any FaultyService
    let node: SimulatedNode
    let lifetime: Lifetime
    /// The service's place in the link table.
    let place: Int32
    /// A read has no effect that could be in doubt, or come late.
    let isRead: Bool
    /// Whether it sends so much that it can break off in the middle.
    var isUpload = false
    let refused: any Error
    let unknown: any Error

    private var world: SimulationWorld { service.world }

    /// Sends a request; `effect` runs at the service if and when the request takes effect.
    func run<Value>(
        cost: LatencyDistribution, byteCount: Int = 0, bytesPerSecond: Int64 = .max,
        _ effect: @escaping () throws -> Value
    ) async throws -> Value {
        try lifetime.check()
        let transfer = CostModel.transfer(byteCount, at: bytesPerSecond)
        let faults = service.faults
        let isTail = service.random.chance(partsPerMillion: faults.tailPerMillion)
        let factor = Int64(faults.slowFactor) * (isTail ? Int64(faults.tailFactor) : 1)
        let whole = (service.random.nanoseconds(in: cost) + transfer) * factor
        let there = whole / 2
        return try await lifetime.wait { (wait: Wait<Value>) in
            // Bytes that flow keep a request alive.
            let giveUp = world.nanoseconds + transfer + world.costs.requestTimeout.nanoseconds
            if world.links.isBlocked(node.index, place) {
                answer(wait, at: giveUp, .failure(unknown))
                return
            }
            let back = world.nanoseconds + whole
            if back > giveUp { answer(wait, at: giveUp, .failure(unknown)) }
            world.schedule(world.nanoseconds + there, node: -1) {
                arrive(wait, effect, back: back, giveUp: giveUp)
            }
        }
    }

    private func arrive<Value>(
        _ wait: Wait<Value>, _ effect: @escaping () throws -> Value, back: Int64, giveUp: Int64
    ) {
        let (faults, random) = (service.faults, service.random)
        if faults.isUnavailable || random.chance(partsPerMillion: faults.refusalsPerMillion) {
            world.requestWitness?.refusedService("\(refused)", to: node.index)
            answer(wait, at: back, .failure(refused))
            return
        }
        if isUpload && random.chance(partsPerMillion: faults.tornUploadsPerMillion) {
            answer(wait, at: back, .failure(unknown))
            return
        }
        if random.chance(partsPerMillion: faults.lostBeforePerMillion) {
            if random.chance(1, in: 2) && !isRead {
                // The request is still under way somewhere, and lands when nobody expects it.
                let late = world.nanoseconds + random.nanoseconds(in: .seconds(1)..<(.seconds(20)))
                world.schedule(late, node: -1) { _ = try? effect() }
            }
            answer(wait, at: giveUp, .failure(unknown))
            return
        }
        let result = Result { try effect() }
        let isStruck = !isRead && world.operated(service.place, node: node.index)
        if isStruck || world.links.isBlocked(place, node.index)
            || random.chance(partsPerMillion: faults.lostAfterPerMillion)
        {
            answer(wait, at: giveUp, .failure(unknown))
            return
        }
        answer(wait, at: back, result)
    }

    private func answer<Value>(
        _ wait: Wait<Value>, at time: Int64, _ result: Result<Value, any Error>
    ) {
        world.schedule(time, node: node.index) {
            switch result {
            case .success(let value): wait.resume(returning: value)
            case .failure(let error): wait.resume(throwing: error)
            }
        }
    }
}
