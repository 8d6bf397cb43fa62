/// Work that keeps a processor busy for long, such as to compress a file.
///
/// What it is and how large stand beside it, since the simulated world must say how long it takes.
public struct Computation: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Columns are encoded and compressed into a file.
        case fileEncoding
        /// A graph over vectors is built.
        case indexBuild
        /// Sorted runs are merged.
        case merge
        /// A question is answered over rows in memory.
        case query
    }

    public var kind: Kind
    /// How much goes in, in bytes.
    public var byteCount: Int

    public init(_ kind: Kind, byteCount: Int) {
        precondition(byteCount >= 0, "work on fewer than no bytes")
        self.kind = kind
        self.byteCount = byteCount
    }
}

/// The processors that a machine has besides the one that runs its loop.
public protocol Processor: AnyObject {
    /// Runs `body` elsewhere while the machine's loop goes on; answers what it returned, or throws
    /// what it threw.
    ///
    /// `body` sees only what was handed to it, and touches nothing that anybody else changes.
    func run<Value: Sendable>(
        _ computation: Computation, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value
}

extension Machine {
    /// Does heavy work without holding up everything else on this machine: the one way to leave
    /// its loop.
    public func compute<Value: Sendable>(
        _ kind: Computation.Kind, byteCount: Int, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await processor.run(Computation(kind, byteCount: byteCount), body)
    }
}
