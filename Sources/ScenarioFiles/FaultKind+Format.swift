import Server

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

    private static let file = Field(
        "file", .text(maximumLength: 200), .optional,
        "some text of the file's path; any file when absent")

    /// The parameters as a file writes them.
    var body: RecordShape {
        switch self {
        case .crash, .powerLoss, .pause, .connectionReset, .connectionForgotten, .diskFull,
            .leaseExpiry, .nodeLoss, .bridgePartition:
            RecordShape([Self.node], shorthand: "node")
        case .crashLoop:
            RecordShape([
                Self.node,
                Field(
                    "every", .duration(.milliseconds(100)...(.seconds(600))), .byDefault("2s"),
                    "how long it runs between two ends"),
            ])
        case .configurationChange:
            RecordShape([
                Self.node,
                Field(
                    "segmentBytes", .byteCount(4096...(1 << 30)), .required,
                    "at which a segment is sealed from then on"),
            ])
        case .memoryBudget:
            RecordShape([
                Self.node,
                Field(
                    "bytes", .byteCount(0...(1 << 50)), .required, "what its process may hold"),
            ])
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
        case .partition: RecordShape(Self.partitionFields, shorthand: "node")
        case .ringPartition:
            RecordShape(
                [
                    Field(
                        "nodes", .list(.node, isEmptyAllowed: false), .optional,
                        "the ring in its order, four or more; all but clients when absent")
                ], shorthand: "nodes")
        case .linkDelay, .linkReset, .linkClogged, .linkSlow, .linkDuplication: linkBody
        case .diskSlow, .diskBudget, .diskErrors, .syncFailure, .bitRot, .lostWrite,
            .misdirectedWrite, .unreadableSector:
            diskBody
        default: serviceBody
        }
    }

    private var linkBody: RecordShape {
        switch self {
        case .linkDelay:
            RecordShape([
                Self.anyNode,
                Field("by", .duration(.zero...(.seconds(600))), .required, "how much longer"),
                Field(
                    "jitter", .duration(.zero...(.seconds(600))), .byDefault("0s"),
                    "up to how much more, drawn for each message"),
            ])
        case .linkSlow:
            RecordShape([
                Self.anyNode,
                Field(
                    "bytesPerSecond", .byteCount(1024...(1 << 40)), .required,
                    "what a way carries in a second"),
            ])
        case .linkClogged: RecordShape([Self.anyNode])
        default: RecordShape([Self.anyNode, Self.rate("of the messages")], shorthand: "rate")
        }
    }

    private var diskBody: RecordShape {
        switch self {
        case .diskSlow: RecordShape([Self.node, Self.factor])
        case .diskBudget:
            RecordShape([
                Self.node,
                Field("bytes", .byteCount(0...(1 << 50)), .required, "what fits on the disk"),
            ])
        case .diskErrors:
            RecordShape([
                Self.node, Self.rate("of the operations"),
                Field(
                    "operation",
                    .choice([
                        Choice(name: "read", meaning: "reads fail"),
                        Choice(name: "write", meaning: "writes fail, perhaps done in part"),
                        Choice(name: "both", meaning: "reads and writes fail"),
                    ]), .byDefault("both"), "what fails"),
            ])
        case .syncFailure: RecordShape([Self.node, Self.rate("of the syncs")])
        default: RecordShape([Self.node, Self.file], shorthand: "node")
        }
    }

    private var serviceBody: RecordShape {
        switch self {
        case .objectStoreErrors:
            RecordShape(
                [
                    Self.rate("of the requests"),
                    Field(
                        "effect", .choice(Self.effects), .byDefault("either"),
                        "whether the lost requests took effect"),
                ], shorthand: "rate")
        case .objectStoreSlow: RecordShape([Self.factor], shorthand: "factor")
        case .objectStoreTail: RecordShape([Self.rate("of the requests"), Self.factor])
        case .watchDelay:
            RecordShape(
                [Field("by", .duration(.zero...(.seconds(600))), .required, "how much later")],
                shorthand: "by")
        case .strike: RecordShape(Self.strikeFields)
        case .watchRepeat: RecordShape([Self.rate("of the events")], shorthand: "rate")
        case .coordinationUnavailable, .lakeCatalogUnavailable, .restartAll,
            .lakeForeignCompaction, .lakeForeignProperty, .lakeForeignExpiry,
            .lakeForeignReference, .lakeForeignSchema, .lakeForeignPartitionSpec,
            .lakeForeignSortOrder:
            RecordShape([])
        default: RecordShape([Self.rate("of the requests")], shorthand: "rate")
        }
    }

    private static let effects = [
        Choice(name: "before", meaning: "lost before they took effect"),
        Choice(name: "after", meaning: "they took effect, then the answer was lost"),
        Choice(name: "either", meaning: "either, at even odds"),
    ]

    private static let strikeFields = [
        Field(
            "place",
            .choice([
                Choice(name: "disk", meaning: "writes, syncs and changes of names"),
                Choice(name: "network", meaning: "frames sent"),
                Choice(name: "objectStore", meaning: "puts and deletes"),
                Choice(name: "coordination", meaning: "transactions and leases"),
                Choice(name: "lakeCatalog", meaning: "tables created and commits"),
            ]), .required, "where operations are counted"),
        Field(
            "operation", .integer(0...1_000_000_000), .required,
            "its number, from 0, over all nodes and the whole run"),
        Field(
            "effect",
            .choice([
                Choice(name: "crash", meaning: "its node's process ends"),
                Choice(name: "powerLoss", meaning: "its node loses power"),
                Choice(name: "lostAnswer", meaning: "a service's answer is lost"),
            ]), .required, "what happens once it has taken effect"),
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
        switch name {
        case .crash: return .crash(node: node)
        case .crashLoop: return .crashLoop(node: node, every: record.duration("every"))
        case .nodeLoss: return .nodeLoss(node: node)
        case .configurationChange:
            return .configurationChange(
                node: node, segmentByteCount: record.integer("segmentBytes"))
        case .powerLoss: return .powerLoss(node: node)
        case .pause: return .pause(node: node)
        case .clockStep: return .clockStep(node: node, by: record.duration("by"))
        case .clockDrift:
            return .clockDrift(node: node, partsPerMillion: record.integer("partsPerMillion"))
        case .partition: return partition(record)
        case .bridgePartition: return .bridgePartition(node: node)
        case .ringPartition:
            return .ringPartition(nodes: record.has("nodes") ? record.nodes("nodes") : [])
        case .connectionReset: return .connectionReset(node: node)
        case .connectionForgotten: return .connectionForgotten(node: node)
        case .leaseExpiry: return .leaseExpiry(node: node)
        case .memoryBudget: return .memoryBudget(node: node, byteCount: record.integer("bytes"))
        case .linkDelay, .linkReset, .linkClogged, .linkSlow, .linkDuplication:
            return link(name, record, node: optionalNode)
        default:
            return name.isForServers ? disk(name, record, node: node) : service(name, record)
        }
    }

    private static func link(
        _ name: FaultKindName, _ record: CheckedRecord, node: NodeName?
    ) -> FaultKind {
        switch name {
        case .linkDelay:
            .linkDelay(node: node, by: record.duration("by"), jitter: record.duration("jitter"))
        case .linkClogged: .linkClogged(node: node)
        case .linkSlow: .linkSlow(node: node, bytesPerSecond: record.integer("bytesPerSecond"))
        case .linkDuplication:
            .linkDuplication(node: node, partsPerMillion: record.integer("rate"))
        default: .linkReset(node: node, partsPerMillion: record.integer("rate"))
        }
    }

    private static func disk(
        _ name: FaultKindName, _ record: CheckedRecord, node: NodeName
    ) -> FaultKind {
        var file: String { record.has("file") ? record.text("file") : "" }
        switch name {
        case .diskSlow: return .diskSlow(node: node, factor: record.integer("factor"))
        case .diskFull: return .diskFull(node: node)
        case .diskBudget: return .diskBudget(node: node, byteCount: record.integer("bytes"))
        case .diskErrors:
            guard let operation = DiskOperation(rawValue: record.text("operation")) else {
                preconditionFailure("the shape allows an operation that the kind does not know")
            }
            return .diskErrors(
                node: node, partsPerMillion: record.integer("rate"), operation: operation)
        case .syncFailure:
            return .syncFailure(node: node, partsPerMillion: record.integer("rate"))
        case .bitRot: return .bitRot(node: node, file: file)
        case .lostWrite: return .lostWrite(node: node, file: file)
        case .misdirectedWrite: return .misdirectedWrite(node: node, file: file)
        case .unreadableSector: return .unreadableSector(node: node, file: file)
        default: preconditionFailure("'\(name)' is no fault of a disk")
        }
    }

    private static func service(_ name: FaultKindName, _ record: CheckedRecord) -> FaultKind {
        var rate: Int { record.integer("rate") }
        switch name {
        case .restartAll: return .restartAll
        case .objectStoreErrors:
            guard let effect = RequestEffect(rawValue: record.text("effect")) else {
                preconditionFailure("the shape allows an effect that the kind does not know")
            }
            return .objectStoreErrors(partsPerMillion: rate, effect: effect)
        case .objectStoreThrottle: return .objectStoreThrottle(partsPerMillion: rate)
        case .objectStoreSlow: return .objectStoreSlow(factor: record.integer("factor"))
        case .objectStoreTornUpload: return .objectStoreTornUpload(partsPerMillion: rate)
        case .objectStoreTail:
            return .objectStoreTail(partsPerMillion: rate, factor: record.integer("factor"))
        case .coordinationUnavailable: return .coordinationUnavailable
        case .coordinationOutcomeUnknown:
            return .coordinationOutcomeUnknown(partsPerMillion: rate)
        case .coordinationConflict: return .coordinationConflict(partsPerMillion: rate)
        case .watchDelay: return .watchDelay(by: record.duration("by"))
        case .watchRepeat: return .watchRepeat(partsPerMillion: rate)
        case .lakeCatalogConflict: return .lakeCatalogConflict(partsPerMillion: rate)
        case .lakeCatalogUnavailable: return .lakeCatalogUnavailable
        case .lakeForeignCompaction: return .lakeForeignCompaction
        case .lakeForeignProperty: return .lakeForeignProperty
        case .lakeForeignExpiry: return .lakeForeignExpiry
        case .lakeForeignReference: return .lakeForeignReference
        case .lakeForeignSchema: return .lakeForeignSchema
        case .lakeForeignPartitionSpec: return .lakeForeignPartitionSpec
        case .lakeForeignSortOrder: return .lakeForeignSortOrder
        case .lakeCatalogOutcomeUnknown: return .lakeCatalogOutcomeUnknown(partsPerMillion: rate)
        case .strike:
            guard let place = OperationPlace(rawValue: record.text("place")),
                let effect = StrikeEffect(rawValue: record.text("effect"))
            else { preconditionFailure("the shape allows a strike that the kind does not know") }
            return .strike(place: place, operation: record.integer("operation"), effect: effect)
        default: preconditionFailure("'\(name)' is no fault of a service")
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
        case .partition(let groups, let direction):
            [("groups", .groups(groups)), ("direction", .text(direction.rawValue))]
        case .ringPartition(let nodes):
            nodes.isEmpty ? [] : [("nodes", .nodes(nodes))]
        default: nodes.map { ("node", Parameter.node($0)) } + measures
        }
    }

    /// The parameters beside the node.
    private var measures: [(name: String, value: Parameter)] {
        switch self {
        case .crashLoop(_, let interval): [("every", .text(interval.shortText))]
        case .configurationChange(_, let count):
            [("segmentBytes", .text(Units.bytes.write(Int64(count))))]
        case .clockStep(_, let step): [("by", .text(step.shortText))]
        case .clockDrift(_, let parts): [("partsPerMillion", .integer(parts))]
        case .linkDelay(_, let delay, let jitter):
            [("by", .text(delay.shortText)), ("jitter", .text(jitter.shortText))]
        case .linkSlow(_, let rate):
            [("bytesPerSecond", .text(Units.bytes.write(Int64(rate))))]
        case .diskBudget(_, let count), .memoryBudget(_, let count):
            [("bytes", .text(Units.bytes.write(Int64(count))))]
        case .diskErrors(_, let rate, let operation):
            [("rate", .text(shareText(rate))), ("operation", .text(operation.rawValue))]
        case .bitRot(_, let file), .lostWrite(_, let file), .misdirectedWrite(_, let file),
            .unreadableSector(_, let file):
            file.isEmpty ? [] : [("file", .text(file))]
        case .objectStoreErrors(let rate, let effect):
            [("rate", .text(shareText(rate))), ("effect", .text(effect.rawValue))]
        case .objectStoreTail(let rate, let factor):
            [("rate", .text(shareText(rate))), ("factor", .integer(factor))]
        case .linkReset(_, let rate), .linkDuplication(_, let rate), .syncFailure(_, let rate),
            .objectStoreThrottle(let rate), .objectStoreTornUpload(let rate),
            .coordinationOutcomeUnknown(let rate), .coordinationConflict(let rate),
            .watchRepeat(let rate), .lakeCatalogConflict(let rate),
            .lakeCatalogOutcomeUnknown(let rate):
            [("rate", .text(shareText(rate)))]
        case .diskSlow(_, let factor), .objectStoreSlow(let factor):
            [("factor", .integer(factor))]
        case .strike(let place, let operation, let effect):
            [
                ("place", .text(place.rawValue)), ("operation", .integer(operation)),
                ("effect", .text(effect.rawValue)),
            ]
        case .watchDelay(let delay): [("by", .text(delay.shortText))]
        case .crash, .restartAll, .nodeLoss, .powerLoss, .pause, .partition, .bridgePartition,
            .ringPartition, .linkClogged, .connectionReset, .connectionForgotten, .diskFull,
            .leaseExpiry, .coordinationUnavailable, .lakeCatalogUnavailable, .lakeForeignCompaction,
            .lakeForeignProperty, .lakeForeignExpiry, .lakeForeignReference, .lakeForeignSchema,
            .lakeForeignPartitionSpec, .lakeForeignSortOrder:
            []
        }
    }

    /// A parameter on its way into a file.
    enum Parameter {
        case node(NodeName)
        case text(String)
        case integer(Int)
        case nodes([NodeName])
        case groups([[NodeName]])

        var text: String {
            switch self {
            case .node(let node): node.description
            case .text(let text): text
            case .integer(let integer): String(integer)
            case .nodes(let nodes): nodes.map(\.description).joined(separator: " ")
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
            case .node, .nodes, .groups: parameter.value.text
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
