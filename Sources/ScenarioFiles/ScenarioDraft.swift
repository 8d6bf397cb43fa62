/// A scenario file that is being edited: what shrinking works on.
///
/// It edits the text's own tree, so that whatever the format allows can be made smaller, and the
/// loader says of each edit whether it is still a scenario.
public struct ScenarioDraft: Sendable {
    public let path: String
    var root: SourceNode

    /// A failed run as a scenario of its own: the drawn faults have become scripted ones.
    public init(_ failure: FailureFile) throws(ScenarioErrors) {
        path = failure.scenarioPath
        let parsed = try SourceNode.parse(yaml: failure.scenarioText, path: path)
        root = parsed ?? SourceNode(mark: nil, content: .mapping([]))
        root["length"] = .plain(failure.length.shortText)
        root["seed"] = .plain(String(failure.seed))
        if let schedule = failure.schedule { root["schedule"] = .plain(schedule.rawValue) }
        // A drawn fault may last longer than the run; a scripted one ends with it, as it does
        // there.
        let faults = failure.plan.faults.filter { $0.at < failure.length }.map { fault in
            var fault = fault
            fault.duration = min(fault.duration, failure.length - fault.at)
            return fault
        }
        root["faults"] = faults.isEmpty ? nil : SourceNode(json: FaultPlan(faults).json)
    }

    /// The file as it would be written.
    public var text: String { root.yaml }

    public func scenario() throws(ScenarioErrors) -> Scenario {
        try Scenario.load(text: text, path: path)
    }

    public var faultCount: Int { root["faults"]?.items.count ?? 0 }

    /// Says what the scenario is, in place of what stood there.
    public mutating func describe(title: String, description: String) {
        root["title"] = .text(String(title.prefix(200)))
        root["description"] = .text(description)
        guard case .mapping(var pairs) = root.content else { return }
        let order = ["title", "description", "seed", "length", "cluster", "workloads", "faults"]
        func rank(_ pair: (key: SourceNode, value: SourceNode)) -> Int {
            order.firstIndex(of: pair.key.scalar ?? "") ?? order.count
        }
        pairs = pairs.enumerated().sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }.map(\.element)
        root.content = .mapping(pairs)
    }

    /// The same under another seed.
    public func with(seed: UInt64) -> ScenarioDraft {
        var draft = self
        draft.root["seed"] = .plain(String(seed))
        return draft
    }
}
