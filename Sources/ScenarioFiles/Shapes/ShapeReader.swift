/// Checks nodes against shapes and collects every error on the way.
struct ShapeReader {
    let path: String
    private(set) var errors: [ScenarioError] = []
    /// Counts on where `errors` stops.
    private(set) var refusalCount = 0
    /// A hopeless file need not be told everything.
    private static let errorLimit = 100

    init(path: String) { self.path = path }

    mutating func refuse(_ mark: SourceMark?, _ message: String) {
        refusalCount += 1
        guard errors.count < Self.errorLimit else { return }
        errors.append(ScenarioError(path: path, mark: mark, message: message))
    }

    /// Nil when the node was refused; the reason is then in `errors`.
    mutating func read(_ node: SourceNode, as shape: Shape, of name: String) -> CheckedValue? {
        switch shape {
        case .list(let item, let isEmptyAllowed):
            return readList(node, of: item, isEmptyAllowed: isEmptyAllowed, name: name)
        case .oneOrMany(let item):
            if case .sequence = node.content {
                return readList(node, of: item, isEmptyAllowed: false, name: name)
            }
            guard let value = read(node, as: item, of: name) else { return nil }
            return CheckedValue(mark: node.mark, content: .list([value]))
        case .record(let record):
            guard let record = readRecord(node, as: record, of: name) else { return nil }
            return CheckedValue(mark: node.mark, content: .record(record))
        case .tagged(let tagged):
            return readTagged(node, as: tagged)
        case .properties: return readProperties(node, of: name)
        default:
            return readScalar(node, as: shape, of: name)
        }
    }

    /// Any names, each with a single value; the table says which there are.
    private mutating func readProperties(_ node: SourceNode, of name: String) -> CheckedValue? {
        guard case .mapping(let pairs) = node.content else {
            refuse(node.mark, "'\(name)' must be a mapping, not \(node.kindName)")
            return nil
        }
        var record = CheckedRecord(mark: node.mark)
        let refusalsBefore = refusalCount
        for (key, value) in pairs {
            guard let keyName = keyName(key) else { continue }
            record.values[keyName] = read(value, as: .text(maximumLength: 4096), of: keyName)
        }
        record.isWhole = refusalCount == refusalsBefore
        return CheckedValue(mark: node.mark, content: .record(record))
    }

    private mutating func readList(
        _ node: SourceNode, of item: Shape, isEmptyAllowed: Bool, name: String
    ) -> CheckedValue? {
        guard case .sequence(let nodes) = node.content else {
            refuse(node.mark, "'\(name)' must be a list, not \(node.kindName)")
            return nil
        }
        if nodes.isEmpty, !isEmptyAllowed {
            refuse(node.mark, "'\(name)' must not be empty")
            return nil
        }
        var items: [CheckedValue] = []
        for node in nodes {
            if let value = read(node, as: item, of: name) { items.append(value) }
        }
        return CheckedValue(mark: node.mark, content: .list(items))
    }

    /// Nil when the node is no mapping; a record that misses something comes back not whole.
    mutating func readRecord(
        _ node: SourceNode, as shape: RecordShape, of name: String
    ) -> CheckedRecord? {
        var pairs: [(key: SourceNode, value: SourceNode)] = []
        if case .mapping(let found) = node.content {
            pairs = found
        } else if let shorthand = shape.shorthand, !node.isNull {
            let key = SourceNode(mark: node.mark, content: .scalar(shorthand, isPlain: true))
            pairs = [(key, node)]
        } else if !node.isNull {
            let names = shape.fields.map(\.name)
            let hint = names.isEmpty ? "takes no value" : "must be a mapping"
            refuse(node.mark, "'\(name)' \(hint), not \(node.kindName)")
            return nil
        }
        return readFields(pairs, as: shape.fields, of: name, at: node.mark)
    }

    /// Reads the pairs whose keys `fields` knows, refuses the others, and fills in defaults.
    private mutating func readFields(
        _ pairs: [(key: SourceNode, value: SourceNode)], as fields: [Field], of name: String,
        at mark: SourceMark?
    ) -> CheckedRecord {
        let refusalsBefore = refusalCount
        var record = CheckedRecord(mark: mark)
        let names = fields.map(\.name)
        for (key, value) in pairs {
            guard let keyName = keyName(key) else { continue }
            guard let field = fields.first(where: { $0.name == keyName }) else {
                let hint = suggestionText(for: keyName, among: names)
                let known = names.isEmpty ? "none" : names.joined(separator: ", ")
                let list = hint.isEmpty ? "; the keys of \(name) are: \(known)" : hint
                refuse(key.mark, "unknown key '\(keyName)'\(list)")
                continue
            }
            if let value = read(value, as: field.shape, of: field.name) {
                record.values[keyName] = value
            }
        }
        let written = Set(pairs.compactMap { Self.scalarText($0.key) })
        for field in fields where !written.contains(field.name) {
            switch field.presence {
            case .required:
                refuse(mark, "\(name) needs '\(field.name)': \(field.meaning)")
            case .optional:
                break
            case .byDefault(let text):
                let node = SourceNode(mark: mark, content: .scalar(text, isPlain: true))
                record.values[field.name] = read(node, as: field.shape, of: field.name)
                precondition(record.has(field.name), "the default of '\(field.name)' does not fit")
            case .emptyByDefault:
                record.values[field.name] = emptyValue(field, at: mark)
            }
        }
        record.isWhole = refusalCount == refusalsBefore
        return record
    }

    private mutating func emptyValue(_ field: Field, at mark: SourceMark?) -> CheckedValue {
        switch field.shape {
        case .record(let shape):
            let record = readFields([], as: shape.fields, of: field.name, at: mark)
            return CheckedValue(mark: mark, content: .record(record))
        case .list:
            return CheckedValue(mark: mark, content: .list([]))
        default:
            preconditionFailure("'\(field.name)' cannot be empty")
        }
    }

    private mutating func readTagged(_ node: SourceNode, as shape: TaggedShape) -> CheckedValue? {
        var pairs: [(key: SourceNode, value: SourceNode)] = []
        switch node.content {
        case .mapping(let found): pairs = found
        case .scalar where !node.isNull:
            // A variant without options may stand alone: `- clickstream`.
            pairs = [(node, SourceNode(mark: node.mark, content: .scalar("", isPlain: true)))]
        default:
            refuse(node.mark, "\(shape.noun) must be a mapping, not \(node.kindName)")
            return nil
        }
        let names = shape.variants.map(\.name)
        let tags = pairs.filter { pair in
            Self.scalarText(pair.key).map { names.contains($0) } ?? false
        }
        guard let tag = tags.first, let name = Self.scalarText(tag.key),
            let variant = shape.variant(name)
        else {
            refuseUntagged(node, pairs, as: shape)
            return nil
        }
        if tags.count > 1, let other = Self.scalarText(tags[1].key) {
            refuse(
                tags[1].key.mark,
                "one \(shape.noun) cannot be both '\(name)' and '\(other)'; make it two")
            return nil
        }
        let refusalsBefore = refusalCount
        let rest = pairs.filter { Self.scalarText($0.key) != name }
        let beside = readBeside(rest, variant, shape, at: tag.key.mark)
        guard let body = readRecord(tag.value, as: variant.body, of: name),
            refusalCount == refusalsBefore
        else { return nil }
        let value = CheckedVariant(
            name: name, nameMark: tag.key.mark, body: body, beside: beside)
        return CheckedValue(mark: node.mark, content: .tagged(value))
    }

    private mutating func readBeside(
        _ pairs: [(key: SourceNode, value: SourceNode)], _ variant: TaggedShape.Variant,
        _ shape: TaggedShape, at mark: SourceMark?
    ) -> CheckedRecord {
        var fitting: [(key: SourceNode, value: SourceNode)] = []
        let elsewhere = shape.variants.flatMap { $0.beside.map(\.name) }
        for pair in pairs {
            guard let key = Self.scalarText(pair.key), elsewhere.contains(key),
                !variant.beside.contains(where: { $0.name == key })
            else {
                fitting.append(pair)
                continue
            }
            refuse(pair.key.mark, "'\(variant.name)' takes no '\(key)': \(variant.meaning)")
        }
        return readFields(fitting, as: variant.beside, of: variant.name, at: mark)
    }

    private mutating func refuseUntagged(
        _ node: SourceNode, _ pairs: [(key: SourceNode, value: SourceNode)],
        as shape: TaggedShape
    ) {
        let names = shape.variants.map(\.name)
        let beside = Set(shape.variants.flatMap { $0.beside.map(\.name) })
        let strangers = pairs.filter { pair in
            guard let key = keyName(pair.key) else { return false }
            return !beside.contains(key)
        }
        guard let stranger = strangers.first, let key = Self.scalarText(stranger.key) else {
            refuse(node.mark, "this says no kind of \(shape.noun); the kinds are: \(list(names))")
            return
        }
        let hint = suggestionText(for: key, among: names)
        let kinds = hint.isEmpty ? "; the kinds are: \(list(names))" : hint
        refuse(stranger.key.mark, "unknown kind of \(shape.noun) '\(key)'\(kinds)")
    }

    private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private mutating func keyName(_ key: SourceNode) -> String? {
        guard let name = Self.scalarText(key) else {
            refuse(key.mark, "a key must be a word, not \(key.kindName)")
            return nil
        }
        return name
    }

    static func scalarText(_ node: SourceNode) -> String? {
        guard case .scalar(let text, _) = node.content else { return nil }
        return text
    }
}
