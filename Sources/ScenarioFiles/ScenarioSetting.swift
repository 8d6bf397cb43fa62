/// A value that takes the place of one in a scenario file: `cluster.lakeInterval=5s`.
///
/// The path goes by keys; in a list it goes by number from 0, or by the key that says what an item
/// is: `workloads.ecommerceCDC.rate`.
public struct ScenarioSetting: Sendable, Hashable, CustomStringConvertible {
    public var path: String
    public var value: String

    public init(path: String, value: String) {
        self.path = path
        self.value = value
    }

    /// Nil where the text has no `=` with something on both sides.
    public init?(_ text: String) {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
        path = String(text[..<sign])
        value = String(text[text.index(after: sign)...])
        if value.isEmpty { return nil }
    }

    public var description: String { "\(path)=\(value)" }
}

extension SourceNode {
    /// Puts a value in place; false where the path leads into a single value or past a list.
    mutating func set(_ path: ArraySlice<String>, to value: String) -> Bool {
        guard let first = path.first else {
            content = .scalar(value, isPlain: true)
            return true
        }
        switch content {
        case .mapping(var pairs):
            if let position = pairs.firstIndex(where: { $0.key.isScalar(first) }) {
                guard pairs[position].value.set(path.dropFirst(), to: value) else { return false }
            } else {
                var added = SourceNode(
                    mark: nil, content: path.count > 1 ? .mapping([]) : .scalar("", isPlain: true))
                guard added.set(path.dropFirst(), to: value) else { return false }
                let key = SourceNode(mark: nil, content: .scalar(first, isPlain: true))
                pairs.append((key, added))
            }
            content = .mapping(pairs)
            return true
        case .sequence(var items):
            let named = items.firstIndex { item in
                guard case .mapping(let pairs) = item.content else { return false }
                return pairs.contains { $0.key.isScalar(first) }
            }
            let position = named ?? Int(first)
            guard let position, items.indices.contains(position),
                items[position].set(named == nil ? path.dropFirst() : path, to: value)
            else { return false }
            content = .sequence(items)
            return true
        case .scalar:
            // An empty value may become a mapping, another one would be lost.
            guard isNull else { return false }
            content = .mapping([])
            return set(path, to: value)
        }
    }

    private func isScalar(_ text: String) -> Bool {
        if case .scalar(text, _) = content { true } else { false }
    }
}
