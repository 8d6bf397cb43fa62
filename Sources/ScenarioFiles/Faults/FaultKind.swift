public import Server

/// What goes wrong, and with which parameters.
///
/// A kind that lasts ends with its fault's duration; the others happen at one moment.
public struct FaultKind: Sendable, Hashable {
    public let name: FaultKindName
    /// One value for each parameter that is said, by its name.
    public private(set) var values = CheckedRecord()

    /// What is left out has its default.
    ///
    /// Precondition: the kind has these parameters.
    public init(_ name: FaultKindName, _ parameters: [(String, CheckedValue.Content)]) {
        self.name = name
        let body = name.description.body
        for (parameter, value) in parameters {
            precondition(body.field(parameter) != nil, "'\(name)' has no '\(parameter)'")
            values.values[parameter] = CheckedValue(mark: nil, content: value)
        }
        for field in body.fields where !values.has(field.name) {
            guard case .byDefault(let text) = field.presence else { continue }
            var reader = ShapeReader(path: "")
            let node = SourceNode(mark: nil, content: .scalar(text, isPlain: true))
            values.values[field.name] = reader.read(node, as: field.shape, of: field.name)
        }
    }

    public init(
        _ name: FaultKindName, _ parameters: KeyValuePairs<String, CheckedValue.Content>
    ) {
        self.init(name, parameters.map { ($0.key, $0.value) })
    }

    /// The same on one node.
    func with(node: NodeName) -> FaultKind { with(node: .node(node)) }

    private func with(node: CheckedValue.Content) -> FaultKind {
        var kind = self
        kind.values.values["node"] = CheckedValue(mark: nil, content: node)
        return kind
    }

    /// The same with each node by its name; nil where `resolve` finds no node for a reference.
    public func resolved(_ resolve: (NodeReference) -> NodeName?) -> FaultKind? {
        var kind = self
        for field in name.description.fields {
            guard let value = kind.values.values[field.name] else { continue }
            guard let known = value.resolved(resolve) else { return nil }
            kind.values.values[field.name] = known
        }
        return kind
    }

    /// The nodes that it names by what they do.
    public var references: [NodeReference] {
        name.description.fields.flatMap { values.values[$0.name]?.allReferences ?? [] }
    }

    /// One fault for each node that a record lists.
    static func kinds(_ name: FaultKindName, _ record: CheckedRecord) -> [FaultKind] {
        var whole = FaultKind(name, [])
        whole.values = record
        guard record.has("node") else { return [whole] }
        let nodes = record.list("node")
        if name.description.body.field("groups") != nil {
            // Nodes that are cut off together are one group.
            whole.values.values["node"] = nil
            let group = CheckedValue(mark: nil, content: .list(nodes))
            whole.values.values["groups"] = CheckedValue(mark: nil, content: .list([group]))
            return [whole]
        }
        return nodes.map { whole.with(node: $0.content) }
    }

    // MARK: Parameters

    public func integer(_ name: String) -> Int { values.integer(name) }
    public func duration(_ name: String) -> Duration { values.duration(name) }
    public func text(_ name: String) -> String { values.text(name) }
    public func words(_ name: String) -> [String] { values.list(name).map(\.word) }
    /// Empty where nothing is said.
    public var file: String { values.has("file") ? values.text("file") : "" }

    /// The nodes it names, in the order of the format.
    public var nodes: [NodeName] {
        name.description.fields.flatMap { values.values[$0.name]?.allNodes ?? [] }
    }

    /// The groups of a partition.
    public var groups: [[NodeName]] { values.list("groups").map(\.nodes) }
}

extension CheckedValue {
    /// All nodes in it.
    fileprivate var allNodes: [NodeName] {
        switch content {
        case .node(let node): [node]
        case .list(let items): items.flatMap(\.allNodes)
        default: []
        }
    }

    /// All nodes in it that are named by what they do.
    fileprivate var allReferences: [NodeReference] {
        switch content {
        case .reference(let reference): [reference]
        case .list(let items): items.flatMap(\.allReferences)
        default: []
        }
    }

    fileprivate func resolved(_ resolve: (NodeReference) -> NodeName?) -> CheckedValue? {
        switch content {
        case .reference(let reference):
            return resolve(reference).map { CheckedValue(mark: mark, content: .node($0)) }
        case .list(let items):
            let known = items.compactMap { $0.resolved(resolve) }
            return known.count == items.count
                ? CheckedValue(mark: mark, content: .list(known)) : nil
        default: return self
        }
    }

    var node: NodeName {
        guard case .node(let node) = content else { preconditionFailure("this is not a node") }
        return node
    }

    var nodes: [NodeName] { items.map(\.node) }
}
