/// One measurement, for monitoring.
public struct Metric: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// Goes up and down.
        case gauge
        /// Only ever goes up while the process lives.
        case counter
    }

    /// Such as `wavetank_bucket_end_offset`, without a counter's `_total`.
    public var name: String
    public var kind: Kind
    /// What it tells, in a sentence without a full stop.
    public var help: String
    public var labels: [WebRequest.Parameter]
    public var value: Int64

    public init(
        _ name: String, _ kind: Kind, _ help: String, labels: [WebRequest.Parameter] = [],
        _ value: Int64
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.value = value
    }
}

/// Metrics as text of OpenMetrics 1.0.
enum MetricText {
    static func write(_ metrics: [Metric]) -> String {
        var text = ""
        var last = ""
        // One family after the other, each with all its samples.
        let ordered = metrics.enumerated().sorted {
            ($0.element.name, $0.offset) < ($1.element.name, $1.offset)
        }
        for (_, metric) in ordered {
            if metric.name != last {
                text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
                text += "# HELP \(metric.name) \(escaped(metric.help)).\n"
                last = metric.name
            }
            text += metric.name + (metric.kind == .counter ? "_total" : "")
            if !metric.labels.isEmpty {
                text += "{"
                text += metric.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
                    .joined(separator: ",")
                text += "}"
            }
            text += " \(metric.value)\n"
        }
        return text + "# EOF\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
