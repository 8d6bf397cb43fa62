/// The oracles of one run: hands them the facts, and keeps their tallies.
public final class OracleSet {
    public let evidence: Evidence
    /// Called with each fact after the oracles.
    public var onFact: (Fact) -> Void = { _ in }
    public let tallies: [Tally]
    private let oracles: [any Oracle]
    private var positions: [OracleName: Int] = [:]

    /// All oracles of the list that can look where only `sights` can be seen.
    public init(_ observation: any Observation, seeing sights: Set<OracleDescription.Sight>) {
        evidence = Evidence(observation)
        var tallies: [Tally] = []
        var oracles: [any Oracle] = []
        for type in OracleList.types where type.description.needs.isSubset(of: sights) {
            let tally = Tally(type.description.name) { [unowned observation] in
                observation.nanoseconds
            }
            tally.naming = { [evidence] in evidence.naming($0) }
            positions[type.description.name] = tallies.count
            tallies.append(tally)
            oracles.append(type.init(evidence, tally))
        }
        self.tallies = tallies
        self.oracles = oracles
        evidence.lake.tell = { [unowned self] in tell($0) }
    }

    /// The tally of an oracle; nil if it cannot look here.
    public subscript(_ name: OracleName) -> Tally? { positions[name].map { tallies[$0] } }

    /// An oracle by its type.
    public func oracle<Wanted: Oracle>(_ type: Wanted.Type) -> Wanted {
        oracles[positions[type.description.name]!] as! Wanted
    }

    /// Tells all of what happened.
    public func tell(_ fact: Fact) {
        evidence.learned(fact)
        for oracle in oracles { oracle.learned(fact) }
        onFact(fact)
    }

    /// Has all read again what a cluster at rest says now.
    public func readAgain() async throws {
        for oracle in oracles { try await oracle.readAgain() }
    }

    /// Has all judge what is left, and notes which of them had work.
    public func conclude() {
        for (oracle, tally) in zip(oracles, tallies) {
            oracle.conclude()
            tally.hadWork = oracle.hasWork
        }
    }
}
