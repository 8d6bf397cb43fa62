import JSON

extension SourceNode {
    /// The same checks serve JSON, which has no places worth naming.
    init(json: JSONValue) {
        mark = nil
        switch json {
        case .null: content = .scalar("null", isPlain: true)
        case .bool(let bool): content = .scalar(bool ? "true" : "false", isPlain: true)
        case .integer(let integer): content = .scalar(String(integer), isPlain: true)
        case .number(let number): content = .scalar(String(number), isPlain: true)
        case .exactNumber(let text): content = .scalar(text, isPlain: true)
        case .string(let text): content = .scalar(text, isPlain: false)
        case .array(let items): content = .sequence(items.map(SourceNode.init(json:)))
        case .object(let members):
            content = .mapping(
                members.map { member in
                    let key = SourceNode(mark: nil, content: .scalar(member.name, isPlain: true))
                    return (key, SourceNode(json: member.value))
                })
        }
    }
}
