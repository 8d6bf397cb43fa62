/// Plain code beside the engine that knows one thing which must be true.
///
/// An oracle hears facts while a run lasts, counts what it compares in its tally, and says there
/// what does not hold. It only looks: it may not change what a run does.
public protocol Oracle: AnyObject {
    static var description: OracleDescription { get }

    init(_ evidence: Evidence, _ tally: Tally)

    /// Whether the run gave it anything to look at: if so, having compared nothing is no pass.
    var hasWork: Bool { get }

    /// Hears what happened, at the moment it did.
    func learned(_ fact: Fact)

    /// Reads what it needs from a cluster that has come to rest; it may wait.
    func readAgain() async throws

    /// Judges what can be judged only when all has been seen.
    func conclude()
}

extension Oracle {
    public var hasWork: Bool { true }
    public func learned(_ fact: Fact) {}
    public func readAgain() async throws {}
    public func conclude() {}
}
