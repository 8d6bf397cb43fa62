import Oracles
import Server
import Workloads

extension Scenario {
    /// Reads and checks a scenario file; on failure the error holds everything that is wrong.
    ///
    /// `path` is only what messages name; no file is opened. `settings` take the place of what the
    /// file says.
    public static func load(
        text: String, path: String, settings: [ScenarioSetting] = []
    ) throws(ScenarioErrors) -> Scenario {
        let start = SourceMark(line: 1, column: 1)
        var root =
            try SourceNode.parse(yaml: text, path: path)
            ?? SourceNode(mark: start, content: .mapping([]))
        for setting in settings {
            let parts = setting.path.split(separator: ".").map(String.init)
            if root.set(parts[...], to: setting.value) { continue }
            throw ScenarioErrors([
                ScenarioError(
                    path: path, mark: nil,
                    message:
                        "the path of '\(setting)' leads nowhere: name keys, and items of lists "
                        + "by number or by what they are")
            ])
        }
        var reader = ShapeReader(path: path)
        guard case .mapping = root.content,
            let record = reader.readRecord(root, as: ScenarioFormat.shape, of: "a scenario")
        else {
            reader.refuse(root.mark ?? start, "a scenario must be a mapping, not \(root.kindName)")
            throw ScenarioErrors(reader.errors)
        }
        var contradictions = Contradictions(reader: reader)
        contradictions.find(in: record)
        let errors = contradictions.reader.errors
        guard errors.isEmpty else {
            let ordered = errors.enumerated().sorted { first, second in
                let firstMark = first.element.mark ?? start
                let secondMark = second.element.mark ?? start
                return (firstMark, first.offset) < (secondMark, second.offset)
            }
            throw ScenarioErrors(ordered.map(\.element))
        }
        return Scenario(record, path: path)
    }

    private init(_ record: CheckedRecord, path: String) {
        let length = record.duration("length")
        let (scripted, drawn) = Self.faults(record.list("faults"), length: length)
        guard let verdict = ExpectedVerdict(rawValue: record.text("expect")) else {
            preconditionFailure("a verdict that the shape does not have")
        }
        let checkNames = record.list("checks").map(\.word)
        self.init(
            path: path, title: record.text("title"),
            description: record.has("description") ? record.text("description") : nil,
            length: length, seed: record.seed("seed"),
            cluster: ClusterLayout(record.record("cluster")),
            tables: record.list("tables").compactMap { TableDefinition($0.table) },
            workloads: record.list("workloads").map { WorkloadOptions($0.variant) },
            acts: record.list("acts").map(\.variant).filter { $0.name != "drawn" }
                .map { ScenarioAct($0) }.sorted { $0.at < $1.at },
            drawnActs: record.list("acts").map(\.variant).filter { $0.name == "drawn" }
                .map { DrawnActs($0.body, length: length) },
            scriptedFaults: scripted, drawnFaults: drawn,
            checks: OracleName.allCases.filter {
                checkNames.contains("all") && $0.oracle.isAmongAll
                    || checkNames.contains($0.rawValue)
            },
            namedChecks: Set(checkNames.compactMap { OracleName(rawValue: $0) }),
            allowance: Allowance(record.record("allow")), expectedVerdict: verdict,
            drawsSettings: record.has("draw"),
            schedule: Schedule(rawValue: record.text("schedule"))!,
            costs: CostOptions(record.record("costs")),
            bench: record.has("bench")
                ? BenchOptions(record.record("bench"), length: length) : nil)
    }

    /// What a list of faults says, those with a date apart from those that seeds draw.
    static func faults(
        _ list: [CheckedValue], length: Duration
    ) -> (scripted: FaultPlan, drawn: [DrawnFaults]) {
        var scripted: [PlannedFault] = []
        var drawn: [DrawnFaults] = []
        for fault in list.map(\.variant) {
            if fault.name == "drawn" {
                drawn.append(DrawnFaults(fault.body, length: length))
            } else {
                scripted += PlannedFault.faults(fault)
            }
        }
        return (FaultPlan(scripted), drawn)
    }
}

extension PlannedFault {
    /// One fault for each node that the variant lists.
    static func faults(_ variant: CheckedVariant) -> [PlannedFault] {
        guard let name = FaultKindName(rawValue: variant.name) else {
            preconditionFailure("a kind of fault that the shape does not have")
        }
        let duration = name.lasts ? variant.beside.duration("for") : .zero
        let at = variant.beside.has("at") ? variant.beside.duration("at") : .zero
        var trigger: FaultTrigger?
        if variant.beside.has("after") { trigger = .probe(variant.beside.text("after")) }
        if variant.beside.has("when") {
            trigger = .condition(variant.beside.condition("when"))
        }
        return FaultKind.kinds(name, variant.body).map {
            PlannedFault(at: at, duration: duration, kind: $0, trigger: trigger)
        }
    }
}

extension DrawnFaults {
    init(_ record: CheckedRecord, length: Duration) {
        let names = record.list("kinds").map(\.word)
        let until = record.has("until") ? record.duration("until") : length / 5 * 4
        self.init(
            from: min(record.duration("from"), until), until: until,
            every: record.duration("every"), lasting: record.duration("lasting"),
            kinds: FaultKindName.drawableByName.filter {
                names.contains("all") && !$0.description.isDrawnByNameAlone
                    || names.contains($0.rawValue)
            },
            isSolvable: record.boolean("solvable"))
    }
}

extension CheckedValue {
    var variant: CheckedVariant {
        guard case .tagged(let variant) = content else { preconditionFailure("this has no tag") }
        return variant
    }

    var table: CheckedRecord {
        guard case .record(let record) = content else { preconditionFailure("this is no mapping") }
        return record
    }

    var word: String {
        guard case .text(let text) = content else { preconditionFailure("this is not a word") }
        return text
    }
}
