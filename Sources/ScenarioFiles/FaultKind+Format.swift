extension FaultKindName {
    private static let node = Field(
        "node", .oneOrMany(.node), .required, "the node it happens to; a list makes one fault each")
    private static let anyNode = Field(
        "node", .oneOrMany(.node), .optional, "the node whose links; every link when absent")
    private static let factor = Field(
        "factor", .integer(2...10_000), .required, "how many times as long")

    private static func rate(_ meaning: String) -> Field {
        Field("rate", .share, .required, meaning)
    }

    /// The parameters as a file writes them.
    var body: RecordShape {
        switch self {
        case .crash, .powerLoss, .pause, .connectionReset, .diskFull, .leaseExpiry:
            RecordShape([Self.node], shorthand: "node")
        case .clockStep:
            RecordShape([
                Self.node,
                Field(
                    "by", .duration(.seconds(-86_400)...(.seconds(86_400))), .required,
                    "how far the clock jumps; back if negative"),
            ])
        case .clockDrift:
            RecordShape([
                Self.node,
                Field(
                    "partsPerMillion", .integer(-500_000...500_000), .required,
                    "how much too fast; slow if negative"),
            ])
        case .partition:
            RecordShape(Self.partitionFields, shorthand: "node")
        case .linkDelay:
            RecordShape([
                Self.anyNode,
                Field("by", .duration(.zero...(.seconds(600))), .required, "how much longer"),
                Field(
                    "jitter", .duration(.zero...(.seconds(600))), .byDefault("0s"),
                    "up to how much more, drawn for each message"),
            ])
        case .linkLoss:
            RecordShape([Self.anyNode, Self.rate("of the messages")], shorthand: "rate")
        case .diskSlow:
            RecordShape([Self.node, Self.factor])
        case .syncFailure:
            RecordShape([Self.node, Self.rate("of the syncs")])
        case .bitRot:
            RecordShape(
                [
                    Self.node,
                    Field(
                        "file", .text(maximumLength: 200), .optional,
                        "some text of the file's path; any file when absent"),
                ], shorthand: "node")
        case .objectStoreErrors:
            RecordShape(
                [
                    Self.rate("of the requests"),
                    Field(
                        "effect", .choice(Self.effects), .byDefault("either"),
                        "whether the lost requests took effect"),
                ], shorthand: "rate")
        case .objectStoreThrottle, .coordinationOutcomeUnknown, .lakeCatalogConflict,
            .lakeCatalogOutcomeUnknown:
            RecordShape([Self.rate("of the requests")], shorthand: "rate")
        case .objectStoreSlow:
            RecordShape([Self.factor], shorthand: "factor")
        case .watchDelay:
            RecordShape(
                [Field("by", .duration(.zero...(.seconds(600))), .required, "how much later")],
                shorthand: "by")
        case .coordinationUnavailable, .lakeCatalogUnavailable:
            RecordShape([])
        }
    }

    private static let effects = [
        Choice(name: "before", meaning: "lost before they took effect"),
        Choice(name: "after", meaning: "they took effect, then the answer was lost"),
        Choice(name: "either", meaning: "either, at even odds"),
    ]

    private static let partitionFields = [
        Field("node", .oneOrMany(.node), .optional, "the nodes to cut from all others"),
        Field(
            "groups", .list(.list(.node, isEmptyAllowed: false), isEmptyAllowed: false), .optional,
            "groups of nodes to cut from each other"),
        Field(
            "direction",
            .choice([
                Choice(name: "both", meaning: "nothing passes either way"),
                Choice(name: "outgoing", meaning: "what the first group sends is lost"),
                Choice(name: "incoming", meaning: "what is sent to the first group is lost"),
            ]), .byDefault("both"), "which way nothing passes"),
    ]
}

extension FaultKind {
    /// One fault for each node that the record lists.
    static func kinds(_ name: FaultKindName, _ record: CheckedRecord) -> [FaultKind] {
        let listed = name == .partition || !record.has("node") ? [] : record.nodes("node")
        if name.body.field("node") == nil || name == .partition || listed.isEmpty {
            return [kind(name, record, node: nil)]
        }
        return listed.map { kind(name, record, node: $0) }
    }

    private static func kind(
        _ name: FaultKindName, _ record: CheckedRecord, node optionalNode: NodeName?
    ) -> FaultKind {
        var node: NodeName {
            guard let optionalNode else { preconditionFailure("a '\(name)' without a node") }
            return optionalNode
        }
        var rate: Int { record.integer("rate") }
        switch name {
        case .crash: return .crash(node: node)
        case .powerLoss: return .powerLoss(node: node)
        case .pause: return .pause(node: node)
        case .clockStep: return .clockStep(node: node, by: record.duration("by"))
        case .clockDrift:
            return .clockDrift(node: node, partsPerMillion: record.integer("partsPerMillion"))
        case .partition: return partition(record)
        case .linkDelay:
            return .linkDelay(
                node: optionalNode, by: record.duration("by"), jitter: record.duration("jitter"))
        case .linkLoss: return .linkLoss(node: optionalNode, partsPerMillion: rate)
        case .connectionReset: return .connectionReset(node: node)
        case .diskSlow: return .diskSlow(node: node, factor: record.integer("factor"))
        case .diskFull: return .diskFull(node: node)
        case .syncFailure: return .syncFailure(node: node, partsPerMillion: rate)
        case .bitRot:
            return .bitRot(node: node, file: record.has("file") ? record.text("file") : "")
        case .objectStoreErrors:
            guard let effect = RequestEffect(rawValue: record.text("effect")) else {
                preconditionFailure("the shape allows an effect that the kind does not know")
            }
            return .objectStoreErrors(partsPerMillion: rate, effect: effect)
        case .objectStoreThrottle: return .objectStoreThrottle(partsPerMillion: rate)
        case .objectStoreSlow: return .objectStoreSlow(factor: record.integer("factor"))
        case .coordinationUnavailable: return .coordinationUnavailable
        case .coordinationOutcomeUnknown:
            return .coordinationOutcomeUnknown(partsPerMillion: rate)
        case .leaseExpiry: return .leaseExpiry(node: node)
        case .watchDelay: return .watchDelay(by: record.duration("by"))
        case .lakeCatalogConflict: return .lakeCatalogConflict(partsPerMillion: rate)
        case .lakeCatalogUnavailable: return .lakeCatalogUnavailable
        case .lakeCatalogOutcomeUnknown: return .lakeCatalogOutcomeUnknown(partsPerMillion: rate)
        }
    }

    private static func partition(_ record: CheckedRecord) -> FaultKind {
        guard let direction = PartitionDirection(rawValue: record.text("direction")) else {
            preconditionFailure("the shape allows a direction that the kind does not know")
        }
        let groups =
            record.has("groups")
            ? record.list("groups").map(\.nodes) : [record.nodes("node")]
        return .partition(groups: groups, direction: direction)
    }

    /// The parameters as a file writes them, in the order of the format.
    var parameters: [(name: String, value: Parameter)] {
        switch self {
        case .crash(let node), .powerLoss(let node), .pause(let node),
            .connectionReset(let node), .diskFull(let node), .leaseExpiry(let node):
            [("node", .node(node))]
        case .clockStep(let node, let step):
            [("node", .node(node)), ("by", .text(step.shortText))]
        case .clockDrift(let node, let partsPerMillion):
            [("node", .node(node)), ("partsPerMillion", .integer(partsPerMillion))]
        case .partition(let groups, let direction):
            [("groups", .groups(groups)), ("direction", .text(direction.rawValue))]
        case .linkDelay(let node, let delay, let jitter):
            (node.map { [("node", Parameter.node($0))] } ?? []) + [
                ("by", .text(delay.shortText)), ("jitter", .text(jitter.shortText)),
            ]
        case .linkLoss(let node, let rate):
            (node.map { [("node", Parameter.node($0))] } ?? []) + [
                ("rate", .text(shareText(rate)))
            ]
        case .diskSlow(let node, let factor):
            [("node", .node(node)), ("factor", .integer(factor))]
        case .syncFailure(let node, let rate):
            [("node", .node(node)), ("rate", .text(shareText(rate)))]
        case .bitRot(let node, let file):
            [("node", .node(node))] + (file.isEmpty ? [] : [("file", Parameter.text(file))])
        case .objectStoreErrors(let rate, let effect):
            [("rate", .text(shareText(rate))), ("effect", .text(effect.rawValue))]
        case .objectStoreThrottle(let rate), .coordinationOutcomeUnknown(let rate),
            .lakeCatalogConflict(let rate), .lakeCatalogOutcomeUnknown(let rate):
            [("rate", .text(shareText(rate)))]
        case .objectStoreSlow(let factor):
            [("factor", .integer(factor))]
        case .watchDelay(let delay):
            [("by", .text(delay.shortText))]
        case .coordinationUnavailable, .lakeCatalogUnavailable:
            []
        }
    }

    /// A parameter on its way into a file.
    enum Parameter {
        case node(NodeName)
        case text(String)
        case integer(Int)
        case groups([[NodeName]])

        var text: String {
            switch self {
            case .node(let node): node.description
            case .text(let text): text
            case .integer(let integer): String(integer)
            case .groups(let groups):
                groups.map { $0.map(\.description).joined(separator: " ") }
                    .joined(separator: " | ")
            }
        }
    }
}

extension FaultKind: CustomStringConvertible {
    /// On one line: `diskSlow server-2, factor 20`.
    public var description: String {
        let words = parameters.map { parameter in
            switch parameter.value {
            case .node, .groups: parameter.value.text
            case .text, .integer: "\(parameter.name) \(parameter.value.text)"
            }
        }
        return words.isEmpty ? name.rawValue : "\(name.rawValue) \(words.joined(separator: ", "))"
    }
}

extension CheckedRecord {
    func nodes(_ name: String) -> [NodeName] { list(name).map(\.node) }
}

extension CheckedValue {
    var node: NodeName {
        guard case .node(let node) = content else { preconditionFailure("this is not a node") }
        return node
    }

    var nodes: [NodeName] {
        guard case .list(let items) = content else { preconditionFailure("this is not a list") }
        return items.map(\.node)
    }
}
