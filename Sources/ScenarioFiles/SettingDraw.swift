/// Settings of cluster and workloads that a seed draws, each between the bounds of the reference.
///
/// Half of those that a scenario asks for are drawn and the others stay as they are, so that one
/// does not hide what another would show. What the file says itself is not drawn. The result is a
/// scenario file without draws, which a failure keeps.
public struct SettingDraw: Sendable {
    /// The file with the drawn values in it.
    public let text: String
    public let scenario: Scenario
    /// What was drawn, in the order of the reference.
    public let settings: [ScenarioSetting]

    /// `number` draws from 0 to below a bound.
    public init(
        text: String, path: String, number: (_ bound: Int) -> Int
    ) throws(ScenarioErrors) {
        let start = SourceMark(line: 1, column: 1)
        let root =
            try SourceNode.parse(yaml: text, path: path)
            ?? SourceNode(mark: start, content: .mapping([]))
        var last: ScenarioErrors?
        // Some values cannot be together: then all are drawn again.
        for _ in 0..<50 {
            var drawn = root
            drawn["draw"] = nil
            let settings = Self.draw(from: root, number)
            for setting in settings {
                let parts = setting.path.split(separator: ".").map(String.init)
                let isSet = drawn.set(parts[...], to: setting.value)
                precondition(isSet, "the path of \(setting) leads nowhere")
            }
            let text = drawn.yaml
            do {
                scenario = try Scenario.load(text: text, path: path)
                self.text = text
                self.settings = settings
                return
            } catch {
                last = error
            }
        }
        throw last!
    }

    /// The names that `draw` may list.
    static let names: [Choice] =
        fields(ClusterLayout.shape).map { Choice(name: $0.name, meaning: $0.meaning) }
        + [Choice(name: "workloads", meaning: "options of the workloads")]

    private static func fields(_ shape: RecordShape) -> [Field] {
        shape.fields.filter { $0.drawn != nil }
    }

    private static func draw(from root: SourceNode, _ number: (Int) -> Int) -> [ScenarioSetting] {
        let node = root["draw"]
        let asked = node?.scalar.map { [$0] } ?? node?.items.compactMap(\.scalar) ?? []
        func isAsked(_ name: String) -> Bool { asked.contains("all") || asked.contains(name) }
        var settings: [ScenarioSetting] = []
        func draw(_ field: Field, at path: String, unless written: Bool) {
            let isChosen = number(2) == 0
            guard let bounds = field.drawn else { return }
            let value = field.shape.value(between: bounds, number)
            if isChosen && !written {
                settings.append(ScenarioSetting(path: "\(path).\(field.name)", value: value))
            }
        }
        for field in fields(ClusterLayout.shape) where isAsked(field.name) {
            draw(field, at: "cluster", unless: root["cluster"]?[field.name] != nil)
        }
        if !isAsked("workloads") { return settings }
        for (position, item) in (root["workloads"]?.items ?? []).enumerated() {
            for variant in WorkloadDescription.shape.variants {
                guard let body = item[variant.name] else { continue }
                for field in fields(variant.body) {
                    draw(
                        field, at: "workloads.\(position).\(variant.name)",
                        unless: body[field.name] != nil)
                }
            }
        }
        return settings
    }
}

extension Shape {
    /// One value between two, evenly drawn over their orders of magnitude.
    fileprivate func value(between bounds: DrawnBounds, _ number: (Int) -> Int) -> String {
        func drawn(_ low: Int, _ high: Int) -> Int {
            let first = max(1, low)
            var steps = 0
            while first << (steps + 1) <= high { steps += 1 }
            let step = number(steps + 1 + (low == 0 ? 1 : 0))
            // Nothing at all is an order of magnitude of its own.
            if low == 0 && step == steps + 1 { return 0 }
            let from = first << step
            return from + number(max(1, min(from, high - from + 1)))
        }
        func whole(_ text: String) -> Int { Int(text.filter { $0 != "_" }) ?? 0 }
        switch self {
        case .byteCount:
            let low = (try? Units.bytes.parse(bounds.low)) ?? 0
            let high = (try? Units.bytes.parse(bounds.high)) ?? 0
            return Units.bytes.write(Int64(drawn(Int(low), Int(high))))
        case .duration:
            let millisecond: Int64 = 1_000_000
            let low = ((try? Units.time.parse(bounds.low)) ?? 0) / millisecond
            let high = ((try? Units.time.parse(bounds.high)) ?? 0) / millisecond
            return Units.time.write(Int64(drawn(Int(low), Int(high))) * millisecond)
        case .rate:
            let low = (try? parseRate(bounds.low))?.count ?? 1
            let high = (try? parseRate(bounds.high))?.count ?? 1
            return "\(drawn(low, high))/s"
        case .integer: return String(drawn(whole(bounds.low), whole(bounds.high)))
        default: preconditionFailure("values of this shape are not drawn")
        }
    }
}
