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
        switch trigger {
        case .probe(let probe): members.append(JSONMember("after", .string(probe)))
        case .condition(let condition):
            members.append(JSONMember("when", .string(condition.description)))
        case nil: break
        }
        if kind.name.lasts {
            members.append(JSONMember("for", .string(duration.shortText)))
        }
        let parameters = kind.parameters.map { JSONMember($0.name, $0.node.json) }
        members.append(JSONMember(kind.name.rawValue, .object(parameters)))
        return .object(members)
    }
}

extension SourceNode {
    /// Plain whole numbers are numbers, everything else is text.
    fileprivate var json: JSONValue {
        switch content {
        case .scalar(let text, isPlain: true): Int64(text).map { .integer($0) } ?? .string(text)
        case .scalar(let text, isPlain: false): .string(text)
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let pairs):
            .object(pairs.map { JSONMember($0.key.scalar ?? "", $0.value.json) })
        }
    }
}
