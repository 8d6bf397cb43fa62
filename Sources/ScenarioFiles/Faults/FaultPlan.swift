/// All faults of a run, dated: what is printed, replayed and shrunk.
public struct FaultPlan: Sendable, Hashable {
    /// In the order of their dates; faults of one date keep the order in which they were given.
    public private(set) var faults: [PlannedFault]

    public init(_ faults: [PlannedFault] = []) {
        // Sorted is stable only by this index.
        self.faults = faults.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
    }
}

extension FaultPlan: CustomStringConvertible {
    /// One line a fault.
    public var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}
