/// Faults that are drawn from the seed rather than written down.
public struct DrawnFaults: Sendable, Hashable {
    /// No fault begins before this.
    public var from: Duration
    /// No fault begins at or after this.
    public var until: Duration
    /// The mean time between two beginnings.
    public var every: Duration
    /// The mean length of those that last.
    public var lasting: Duration
    /// Those a seed may choose from, in the order of the format.
    public var kinds: [FaultKindName]
    /// Whether the draw takes care never to lose the last copy of anything.
    public var isSolvable: Bool

    public init(
        from: Duration, until: Duration, every: Duration, lasting: Duration,
        kinds: [FaultKindName] = FaultKindName.drawable, isSolvable: Bool = true
    ) {
        precondition(from <= until && every > .zero && !kinds.isEmpty, "nothing could be drawn")
        self.from = from
        self.until = until
        self.every = every
        self.lasting = lasting
        self.kinds = kinds
        self.isSolvable = isSolvable
    }
}
