public import JSON
import Server

extension FaultPlan {
    /// An array of faults, each written as a scenario file writes it, so that a plan can be pasted
    /// under `faults:`.
    public var json: JSONValue { .array(faults.map(\.json)) }

    /// Errors name no line; `path` is what they call the plan.
    public init(json: JSONValue, path: String) throws(ScenarioErrors) {
        let shape = Shape.list(.tagged(ScenarioFormat.plannedFaultShape), isEmptyAllowed: true)
        var reader = ShapeReader(path: path)
        let value = reader.read(SourceNode(json: json), as: shape, of: "plan")
        guard let value, reader.errors.isEmpty else { throw ScenarioErrors(reader.errors) }
        for fault in value.items.map(\.variant) where fault.name == "partition" {
            if fault.body.has("node") == fault.body.has("groups") {
                reader.refuse(nil, "a partition has either 'node' or 'groups'")
                throw ScenarioErrors(reader.errors)
            }
        }
        self.init(value.items.map(\.variant).flatMap(PlannedFault.faults))
    }
}

extension PlannedFault {
    var json: JSONValue {
        var members = [JSONMember("at", .string(at.shortText))]
        if kind.name.lasts {
            members.append(JSONMember("for", .string(duration.shortText)))
        }
        let parameters = kind.parameters.map { JSONMember($0.name, $0.value.json) }
        members.append(JSONMember(kind.name.rawValue, .object(parameters)))
        return .object(members)
    }
}

extension FaultKind.Parameter {
    fileprivate var json: JSONValue {
        switch self {
        case .node(let node): .string(node.description)
        case .text(let text): .string(text)
        case .integer(let integer): .integer(Int64(integer))
        case .nodes(let nodes): .array(nodes.map { .string($0.description) })
        case .groups(let groups):
            .array(groups.map { .array($0.map { .string($0.description) }) })
        }
    }
}
