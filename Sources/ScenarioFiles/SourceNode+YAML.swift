import Yams

extension SourceNode {
    /// A scenario is a page, not a data set; what is larger is not one.
    static let byteCountLimit = 1 << 20
    /// Counts aliases each time they are used, so that nested ones cannot multiply without end.
    static let nodeCountLimit = 20_000
    static let depthLimit = 32

    /// Reads one YAML document; nil when it is empty.
    static func parse(yaml: String, path: String) throws(ScenarioErrors) -> SourceNode? {
        guard yaml.utf8.count <= byteCountLimit else {
            let message = "the file has \(yaml.utf8.count) bytes; a scenario has at most 1 MiB"
            throw ScenarioErrors([ScenarioError(path: path, mark: nil, message: message)])
        }
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return nil }
            var remaining = nodeCountLimit
            return try convert(root, depth: 0, remaining: &remaining)
        } catch let error as YamlError {
            throw ScenarioErrors([describe(error, path: path)])
        } catch let error as TooLarge {
            let message = "the document is nested too deeply or too large once aliases are expanded"
            throw ScenarioErrors([ScenarioError(path: path, mark: error.mark, message: message)])
        } catch {
            throw ScenarioErrors([ScenarioError(path: path, mark: nil, message: "\(error)")])
        }
    }

    private struct TooLarge: Error {
        var mark: SourceMark?
    }

    private static func convert(
        _ node: Node, depth: Int, remaining: inout Int
    ) throws -> SourceNode {
        let mark = node.mark.map { SourceMark(line: $0.line, column: $0.column) }
        remaining -= 1
        guard remaining > 0, depth < depthLimit else { throw TooLarge(mark: mark) }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return SourceNode(mark: mark, content: .scalar(scalar.string, isPlain: isPlain))
        case .alias(let alias):
            let text = "*\(alias.anchor.rawValue)"
            return SourceNode(mark: mark, content: .scalar(text, isPlain: true))
        case .sequence(let sequence):
            var items: [SourceNode] = []
            for item in sequence {
                items.append(try convert(item, depth: depth + 1, remaining: &remaining))
            }
            return SourceNode(mark: mark, content: .sequence(items))
        case .mapping(let mapping):
            var pairs: [(key: SourceNode, value: SourceNode)] = []
            for (key, value) in mapping {
                let key = try convert(key, depth: depth + 1, remaining: &remaining)
                var value = try convert(value, depth: depth + 1, remaining: &remaining)
                // An empty value has no place of its own worth pointing to.
                if value.isNull { value.mark = key.mark }
                pairs.append((key, value))
            }
            return SourceNode(mark: mark, content: .mapping(pairs))
        }
    }

    private static func describe(_ error: YamlError, path: String) -> ScenarioError {
        func make(_ mark: Mark?, _ message: String) -> ScenarioError {
            let place = mark.map { SourceMark(line: max(1, $0.line), column: max(1, $0.column)) }
            return ScenarioError(path: path, mark: place, message: message)
        }
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let during = context.map { " (\($0.text))" } ?? ""
            return make(mark, "this is not YAML: \(problem)\(during)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
            return make(context.mark, "\(names) stands more than once in one mapping")
        case .reader(let problem, _, _, _):
            return make(nil, "this is not text: \(problem)")
        default:
            return make(nil, "this is not YAML: \(error)")
        }
    }
}
