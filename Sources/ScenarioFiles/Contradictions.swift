import Cluster
import Oracles
import Server
import Workloads

/// Finds what fits its shape and yet cannot be, such as a fault on a node that does not exist.
struct Contradictions {
    var reader: ShapeReader

    private(set) var length: Duration?
    private(set) var cluster: ClusterLayout?
    private var clientCount: Int?
    /// Of all workloads; nil where a capture says its own, or a workload was refused.
    private var tables: [String]?

    init(reader: ShapeReader) { self.reader = reader }

    /// Says nothing about what depends on a value that was itself refused.
    mutating func find(in record: CheckedRecord) {
        if record.has("length") { length = record.duration("length") }
        if record.has("cluster"), record.record("cluster").isWhole {
            let written = record.record("cluster")
            cluster = ClusterLayout(written)
            check(cluster: written)
        }
        let records = record.has("tables") ? record.list("tables").map(\.table) : []
        let scenarioTables = check(tables: records)
        if record.has("acts") {
            let workloads = record.has("workloads") ? record.list("workloads").map(\.variant) : []
            check(
                acts: record.list("acts").map(\.variant),
                on: scenarioTables + alterableTables(of: workloads))
        }
        if record.has("workloads") {
            let workloads = record.list("workloads").map(\.variant)
            for workload in workloads { check(workload) }
            check(useOf: scenarioTables, records, by: workloads)
            check(tablesOf: workloads, scenarioTables.map(\.name))
            // A refused workload is missing from the list, and its clients from the count.
            if record.isWhole {
                let options = workloads.map { WorkloadOptions($0) }
                clientCount = options.reduce(0) { $0 + $1.clientCount }
                let names = options.map { $0.tableNames(scenarioTables.map(\.name)) }
                if !names.contains(nil) { tables = names.flatMap { $0 ?? [] } }
            }
        }
        var faults = record.has("faults") ? record.list("faults") : []
        if record.has("bench"), record.record("bench").has("storm") {
            faults += record.record("bench").list("storm")
        }
        for fault in faults.map(\.variant) {
            if fault.name == "drawn" { check(drawn: fault) } else { check(scripted: fault) }
        }
        if record.has("checks") { check(checks: record) }
        if record.has("costs") { check(costs: record.record("costs")) }
    }

    /// The tables that workloads bring along, as they are at first.
    private func alterableTables(of workloads: [CheckedVariant]) -> [TableDefinition] {
        workloads.filter(\.body.isWhole).map { WorkloadOptions($0) }.flatMap { options in
            let names = options.tables
            return options.description.definitions(options.values).filter {
                names.isEmpty || names.contains($0.name)
            }
        }
    }

    private mutating func check(costs record: CheckedRecord) {
        for (name, _) in CostOptions.times where record.has(name) {
            if let wanted = CostOptions.refusal(record.list(name).map(\.time)) {
                reader.refuse(record.mark(name), "'\(name)' is \(wanted)")
            }
        }
    }

    private mutating func check(cluster record: CheckedRecord) {
        guard let cluster else { return }
        check(intervals: record, cluster)
        if cluster.replication > cluster.servers {
            reader.refuse(
                record.mark(record.written("replication") ? "replication" : "servers"),
                "replication \(cluster.replication) needs as many servers; "
                    + "there are \(cluster.servers)")
        }
        if cluster.minimumInSync > cluster.replication {
            reader.refuse(
                record.mark(record.written("minimumInSync") ? "minimumInSync" : "replication"),
                "minimumInSync \(cluster.minimumInSync) can never be met with replication "
                    + "\(cluster.replication)")
        }
    }

    /// Two workloads cannot write to one table: what one was told would not hold for the other.
    private mutating func check(
        tablesOf workloads: [CheckedVariant], _ scenarioTables: [String]
    ) {
        var owners: [String: Int] = [:]
        for (position, workload) in workloads.enumerated() {
            let options = WorkloadOptions(workload)
            let names = options.tableNames(scenarioTables) ?? options.tables
            let shared = names.filter { owners[$0] != nil }
            for name in names where owners[name] == nil { owners[name] = position }
            guard let first = shared.first, let owner = owners[first] else { continue }
            reader.refuse(
                workload.nameMark,
                "workloads \(owner + 1) and \(position + 1) both write to the table '\(first)'; "
                    + "give each its own with 'tables'")
        }
    }

    private mutating func check(intervals record: CheckedRecord, _ cluster: ClusterLayout) {
        let configuration = cluster.configuration
        func refuse(_ name: String, _ message: String) {
            let mark = record.written(name) ? record.mark(name) : record.mark
            reader.refuse(mark, message)
        }
        if configuration.leaseRenewal >= configuration.leaseDuration {
            refuse(
                "leaseRenewal",
                "a lease of \(cluster.leaseDuration.shortText) ends before it is renewed after "
                    + configuration.leaseRenewal.shortText)
        }
        if configuration.retryWait > configuration.retryWaitLimit {
            refuse(
                "retryWait",
                "the first wait \(configuration.retryWait.shortText) is longer than "
                    + "retryWaitLimit \(configuration.retryWaitLimit.shortText)")
        }
        let idle = [
            ("tierer", cluster.tierers, ["lakeSnapshotAge", "lakeRowsPerFile"]),
            ("indexer", cluster.indexers, ["hotPoints", "vectorDegree", "vectorBreadth"]),
        ]
        for (role, count, names) in idle where count == 0 {
            for name in names where record.written(name) {
                refuse(name, "'\(name)' sets nothing: there is no \(role)")
            }
        }
    }

    private mutating func check(_ workload: CheckedVariant) {
        let body = workload.body
        WorkloadDescription.named(workload.name)?.check(body, &reader)
        if body.has("burst") {
            let burst = body.record("burst")
            if burst.duration("for") > burst.duration("every") {
                reader.refuse(
                    burst.mark("for"), "a burst cannot last longer than the time between two")
            }
        }
        for name in ["rate"] + ReadRates.fields.map(\.name)
        where body.has(name) && body.rate(name).count == 0 {
            reader.refuse(body.mark(name), "a rate of zero asks for nothing")
        }
        for field in ReadRates.fields
        where body.has(field.name) && body.has("readers") && body.integer("readers") == 0 {
            reader.refuse(body.mark(field.name), "'\(field.name)' needs readers; there are none")
        }
    }

    private mutating func check(scripted fault: CheckedVariant) {
        let waits = ["after", "when"].filter { fault.beside.has($0) }
        if waits.count == 2 {
            reader.refuse(
                fault.beside.mark("when"), "a fault waits for a probe or a condition, not both")
        }
        if fault.beside.has("after") { check(probe: fault.beside) }
        guard fault.beside.has("at") || !waits.isEmpty else {
            reader.refuse(
                fault.nameMark,
                "\(fault.name) needs 'at', when it begins, or 'after' or 'when', what it waits for")
            return
        }
        let at = fault.beside.has("at") ? fault.beside.duration("at") : .zero
        if fault.beside.has("when") {
            let subject = fault.beside.condition("when").subject
            check(table: subject.table, bucket: subject.bucket, at: fault.beside.mark("when"))
        }
        if let length {
            let lasting = fault.beside.has("for") ? fault.beside.duration("for") : .zero
            if at >= length {
                reader.refuse(
                    fault.beside.mark("at"),
                    "the fault begins at \(at.shortText), but the run ends after "
                        + length.shortText)
            } else if at + lasting > length {
                reader.refuse(
                    fault.beside.mark("for"),
                    "the fault ends at \((at + lasting).shortText), but the run ends after "
                        + length.shortText)
            }
        }
        if fault.name == "partition" { check(partition: fault) }
        if fault.name == "ringPartition" { check(ring: fault) }
        for node in nodes(of: fault) { check(node: node, of: fault) }
    }

    /// What waits for a probe that the engine does not have would wait for ever.
    private mutating func check(probe beside: CheckedRecord) {
        let probe = beside.text("after")
        if EnginePart.of(probe: probe) != nil { return }
        let hint = suggestionText(for: probe, among: EnginePart.allProbes)
        reader.refuse(
            beside.mark("after"),
            "the engine has no probe '\(probe)'"
                + (hint.isEmpty ? "; `wavetank help probes` lists them" : hint))
    }

    /// A table that no workload has is never there; captures alone say theirs when they are read.
    private mutating func check(table: String, bucket: Int?, at mark: SourceMark?) {
        if let buckets = cluster?.buckets, let bucket, bucket >= buckets {
            reader.refuse(
                mark,
                "there is no bucket \(bucket) of '\(table)'; "
                    + (buckets == 1 ? "the only one is 0" : "they are 0 to \(buckets - 1)"))
        }
        guard let tables, !tables.contains(table) else { return }
        let hint = suggestionText(for: table, among: tables)
        let known = tables.isEmpty ? "none" : tables.joined(separator: ", ")
        reader.refuse(
            mark,
            "no workload has a table '\(table)'" + (hint.isEmpty ? "; there are: \(known)" : hint))
    }

    private mutating func check(partition fault: CheckedVariant) {
        let body = fault.body
        if body.has("node") == body.has("groups") {
            reader.refuse(fault.nameMark, "a partition has either 'node' or 'groups'")
        }
        var seen: Set<CheckedValue> = []
        for node in nodes(of: fault) where !seen.insert(node).inserted {
            reader.refuse(node.mark, "\(node.nodeText) stands in the partition twice")
        }
    }

    private mutating func check(ring fault: CheckedVariant) {
        if !fault.body.has("nodes") { return }
        let nodes = fault.body.list("nodes")
        if nodes.count < 4 {
            reader.refuse(
                fault.body.mark("nodes"),
                "in a ring of \(nodes.count) all are neighbours; it needs four nodes or more")
        }
        var seen: Set<CheckedValue> = []
        for node in nodes where !seen.insert(node).inserted {
            reader.refuse(node.mark, "\(node.nodeText) stands in the ring twice")
        }
    }

    /// The nodes that a fault names, where they are written.
    private func nodes(of fault: CheckedVariant) -> [CheckedValue] {
        if fault.body.has("nodes") { return fault.body.list("nodes") }
        let single = fault.body.has("node") ? fault.body.list("node") : []
        guard fault.name == "partition", fault.body.has("groups") else { return single }
        return single + fault.body.list("groups").flatMap { group in group.items }
    }

    private mutating func check(node: CheckedValue, of fault: CheckedVariant) {
        let victims = FaultDescription.named(fault.name)?.victims
        if case .reference(let reference) = node.content {
            if reference.role != .server, victims == .servers {
                reader.refuse(
                    node.mark, "'\(fault.name)' happens to servers; \(reference) keeps no data")
            }
            if let place = reference.place {
                check(table: place.table, bucket: place.bucket, at: node.mark)
            }
            return
        }
        let name = node.node
        if name.role == .client, victims != .anyNode {
            reader.refuse(node.mark, "'\(fault.name)' cannot happen to a client")
            return
        }
        if name.role != .server, victims == .servers {
            reader.refuse(node.mark, "'\(fault.name)' happens to servers; \(name) keeps no data")
            return
        }
        let count = name.role == .client ? clientCount : cluster?.count(of: name.role)
        if fault.name == "nodeLoss", count == 1 {
            reader.refuse(node.mark, "\(name) cannot be lost for good: it is the only one")
            return
        }
        guard let count, name.number > count else { return }
        let role = name.role.rawValue
        let known =
            switch count {
            case 0: "this scenario has no \(role)"
            case 1: "the only \(role) is \(role)-1"
            default: "the \(role)s are \(role)-1 to \(role)-\(count)"
            }
        reader.refuse(node.mark, "there is no \(name); \(known)")
    }

    private mutating func check(drawn fault: CheckedVariant) {
        let body = fault.body
        let from = body.duration("from")
        if body.has("until"), body.duration("until") <= from {
            reader.refuse(
                body.mark("until"),
                "'until' \(body.duration("until").shortText) is not after 'from' \(from.shortText)")
        }
        guard let length else { return }
        for name in ["from", "until"] where body.written(name) && body.duration(name) > length {
            reader.refuse(
                body.mark(name),
                "'\(name)' is \(body.duration(name).shortText), but the run ends after "
                    + length.shortText)
        }
    }

    private mutating func check(checks record: CheckedRecord) {
        let checks = record.list("checks")
        if checks.contains(where: { $0.word == "all" }) {
            for check in checks {
                guard let oracle = OracleName(rawValue: check.word)?.oracle, oracle.isAmongAll
                else { continue }
                reader.refuse(check.mark, "'all' has '\(check.word)' already")
            }
        }
        guard let cluster else { return }
        for check in checks {
            switch check.word {
            case "vectorAnswers" where cluster.indexers == 0:
                reader.refuse(check.mark, "'vectorAnswers' needs an indexer; there is none")
            case "sinks" where cluster.sinks == 0:
                reader.refuse(check.mark, "'sinks' needs a sink; there is none")
            case "lakeRows" where cluster.tierers == 0,
                "lakeContinuity" where cluster.tierers == 0,
                "lakeReferences" where cluster.tierers == 0:
                reader.refuse(check.mark, "'\(check.word)' needs a tierer; there is none")
            default: break
            }
        }
    }
}

extension CheckedRecord {
    /// Whether the key stands in the file, rather than came by default.
    func written(_ name: String) -> Bool {
        guard let value = values[name] else { return false }
        return value.mark != mark
    }
}

extension CheckedValue {
    var items: [CheckedValue] {
        guard case .list(let items) = content else { preconditionFailure("this is not a list") }
        return items
    }
}

extension CheckedValue {
    /// The node as it is written.
    fileprivate var nodeText: String {
        switch content {
        case .node(let node): node.description
        case .reference(let reference): reference.description
        default: ""
        }
    }
}
