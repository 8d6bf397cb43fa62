import Oracles

/// A part of the reference of scenario files, from the tables that reader and schema work from.
public struct Reference: Sendable {
    /// What there is a page about.
    public enum Topic: String, Sendable, CaseIterable {
        case scenario, cluster, tables, acts, workloads, faults, probes, checks, requestFaults,
            serving
    }

    /// One thing that a file may name.
    struct Entry: Sendable {
        var name: String
        var meaning: String
        /// How it may stand in a file; empty for a key, whose row has one.
        var example = ""
        var fields: [Field] = []
    }

    public let title: String
    let introduction: String
    let entries: [Entry]
    /// Keys that every entry may have beside its own.
    var common: [Field] = []

    public init(_ topic: Topic) {
        switch topic {
        case .scenario:
            title = "Keys of a scenario"
            introduction = "A scenario file is one mapping of these keys."
            entries = [Entry(name: "", meaning: "", fields: ScenarioFormat.shape.fields)]
        case .cluster:
            title = "Settings of the cluster"
            introduction =
                "The keys of `cluster`. Every setting of the engine is here; what a key leaves out "
                + "has the engine's own default."
            entries = [Entry(name: "", meaning: "", fields: ClusterLayout.shape.fields)]
        case .tables: self = .tables
        case .acts: self = .acts
        case .workloads:
            title = "Workloads"
            introduction =
                "Items of `workloads`: what the cluster is asked to do, all at the same time."
            entries = WorkloadDescription.all.map {
                Entry(
                    name: $0.name, meaning: $0.meaning, example: $0.example, fields: $0.options)
            }
        case .faults:
            title = "Faults"
            introduction =
                "Items of `faults`: what goes wrong, with a date (`at`), once the engine takes a "
                + "rare path (`after`), or once something is so (`when`). Nodes are named as in "
                + "`server-1`, or by what they do when the fault begins: `leader of orders/0`, "
                + "`follower of orders/0`, `active coordinator`. What a seed may draw is listed "
                + "under `kinds` of `drawn`."
            let drawn = Entry(
                name: "drawn", meaning: "faults that each seed draws",
                example: "drawn: { from: 20s, until: 4m, every: 10s, kinds: [crash, diskSlow] }",
                fields: ScenarioFormat.drawnShape.fields)
            entries =
                FaultDescription.all.map {
                    Entry(
                        name: $0.name, meaning: $0.meaning, example: $0.example,
                        fields: $0.fields)
                } + [drawn]
            common = [
                ScenarioFormat.at, ScenarioFormat.lasting, ScenarioFormat.after,
                ScenarioFormat.when,
            ]
        case .probes: self = .probes
        case .checks:
            title = "Checks"
            introduction = "Words of `checks`: the oracles that look at a run."
            entries = OracleName.allCases.map { Entry(name: $0.rawValue, meaning: $0.meaning) }
        case .requestFaults:
            title = "Scenarios of endpoints"
            introduction =
                "What `wavetank endpoints` does to programs of others: a file of its own kind, "
                + "known by the key `endpoints`. First its keys, then those of an item of "
                + "`tables`, then the items of `faults`; of several faults that would strike a "
                + "request the first of the file does."
            entries = Self.ofEndpoints
            common = RequestFault.common
        case .serving: self = .serving
        }
    }
}

extension Reference {
    /// The keys of scenarios of endpoints, then each fault with those that it has for itself.
    private static var ofEndpoints: [Entry] {
        let common = RequestFault.common.map(\.name)
        let faults = RequestFault.shape.variants.map { variant in
            let own = variant.body.fields.filter { !common.contains($0.name) }
            let needs = own.filter { $0.ownExample != nil }
                .map { ", \($0.name): \($0.example)" }.joined()
            return Entry(
                name: variant.name, meaning: variant.meaning,
                example: "\(variant.name): { of: commitTable, every: 3\(needs) }", fields: own)
        }
        let table = Entry(
            name: "tables", meaning: "a table about whose rows something is known",
            example: "{ name: shop.orders, key: id }", fields: EndpointScenario.table.fields)
        return [Entry(name: "", meaning: "", fields: EndpointScenario.shape.fields), table] + faults
    }
}

/// What the reference says of one key.
struct ReferenceRow {
    var name: String
    var unit: String
    var byDefault: String
    var range: String
    var example: String
    var meaning: String

    /// A key and, of a small mapping, those inside it.
    static func rows(_ field: Field, _ prefix: String = "") -> [ReferenceRow] {
        let byDefault =
            switch field.presence {
            case .required: "required"
            case .optional, .emptyByDefault: "none"
            case .byDefault(let text): text
            }
        let row = ReferenceRow(
            name: prefix + field.name, unit: field.shape.unit, byDefault: byDefault,
            range: field.shape.range
                + (field.drawn.map { "; drawn from \($0.low) to \($0.high)" } ?? ""),
            example: field.example, meaning: field.meaning)
        guard case .record(let record) = field.shape, prefix.isEmpty, record.fields.count < 20
        else { return [row] }
        return [row] + record.fields.flatMap { rows($0, "\(field.name).") }
    }
}
