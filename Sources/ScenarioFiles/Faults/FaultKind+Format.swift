import Server

extension FaultKind {
    /// The parameters as a file writes them, in the order of the format.
    var parameters: [(name: String, node: SourceNode)] {
        name.description.fields.compactMap { field in
            values.values[field.name].map { (field.name, $0.written(as: field.shape)) }
        }
    }
}

extension FaultKind: CustomStringConvertible {
    /// On one line: `diskSlow server-2, factor 20`.
    public var description: String {
        let words = name.description.fields.compactMap { field -> String? in
            guard let value = values.values[field.name] else { return nil }
            let text = value.written(as: field.shape)
            switch field.name {
            case "node", "nodes": return text.flat(" ")
            case "groups": return text.items.map { $0.flat(" ") }.joined(separator: " | ")
            default: return "\(field.name) \(text.flat(", "))"
            }
        }
        return words.isEmpty ? name.rawValue : "\(name.rawValue) \(words.joined(separator: ", "))"
    }
}

extension SourceNode {
    fileprivate func flat(_ separator: String) -> String {
        scalar ?? items.map { $0.flat(separator) }.joined(separator: separator)
    }
}

extension CheckedValue {
    /// As a file writes it, so that reading gives it back.
    func written(as shape: Shape) -> SourceNode {
        switch (content, shape) {
        case (.list(let items), .list(let item, _)), (.list(let items), .oneOrMany(let item)):
            return SourceNode(mark: nil, content: .sequence(items.map { $0.written(as: item) }))
        case (_, .oneOrMany(let item)): return written(as: item)
        case (.node(let node), _): return .text(node.description)
        case (.reference(let reference), _): return .text(reference.description)
        case (.text(let text), _): return .text(text)
        case (.duration(let duration), _): return .text(duration.shortText)
        case (.boolean(let boolean), _): return .plain(String(boolean))
        case (.integer(let count), .byteCount): return .text(Units.bytes.write(Int64(count)))
        case (.integer(let parts), .share): return .text(shareText(parts))
        case (.integer(let integer), _): return .plain(String(integer))
        case (.rate(let rate), _): return .text(rate.description)
        case (.skew(let skew), _): return .text(skew.description)
        default: preconditionFailure("no parameter of a fault has this shape")
        }
    }
}
