import Platform

/// Requests to the object store that may safely be made again, tried a few times.
struct StoreRequests {
    let machine: Machine
    private let attemptLimit: Int
    private let firstWait: Duration

    init(_ machine: Machine, _ configuration: VectorIndexConfiguration) {
        precondition(configuration.attemptLimit >= 1)
        self.machine = machine
        attemptLimit = configuration.attemptLimit
        firstWait = configuration.retryWait
    }

    /// Runs a request until it has an answer; `VectorsError.unavailable` if it never has.
    func run<Value>(_ object: String, _ request: () async throws -> Value) async throws -> Value {
        try await tryUntilDone(object) {
            do {
                return try await request()
            } catch ObjectStoreError.throttled, ObjectStoreError.outcomeUnknown {
                return nil
            }
        }
    }

    /// Repeats `step` while it answers nil, with growing waits between.
    func tryUntilDone<Value>(
        _ object: String, _ step: () async throws -> Value?
    ) async throws -> Value {
        var wait = firstWait
        for attempt in 1...attemptLimit {
            if let value = try await step() { return value }
            if attempt < attemptLimit { try await machine.sleep(wait) }
            wait = wait * 2
        }
        throw VectorsError.unavailable(object: object)
    }
}
