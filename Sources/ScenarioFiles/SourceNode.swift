/// A node of the text as it was written: the one form in which YAML and JSON are checked.
struct SourceNode: Sendable {
    indirect enum Content: Sendable {
        /// Plain says that the text stood without quotes, so that `null` and `true` mean something.
        case scalar(String, isPlain: Bool)
        case sequence([SourceNode])
        case mapping([(key: SourceNode, value: SourceNode)])
    }

    var mark: SourceMark?
    var content: Content

    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What to call this in a message.
    var kindName: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
