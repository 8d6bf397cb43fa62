import Workloads

extension WorkloadProfile {
    /// A page of text: tables, figures with their bounds, and bars.
    func text(name: String) -> String {
        let seconds = Double(duration / .milliseconds(1)) / 1000
        var lines = [
            "\(name): \(changeCount) changes in \(stepCount) steps, \(Self.short(seconds)) s: "
                + "\(Self.short(Double(changeCount) / max(seconds, 0.001))) a second", "",
        ]
        for table in tables {
            let nulls = Double(table.nulls) * 100 / Double(max(1, table.values))
            lines.append(
                "  \(Self.padded(table.name, 14)) \(Self.padded("\(table.written)", 9, left: true))"
                    + " written \(Self.padded("\(table.deleted)", 8, left: true)) deleted"
                    + " \(Self.padded(Self.short(nulls), 6, left: true)) % null")
        }
        for measure in measures {
            if measure == measures.first { lines.append("") }
            let bounds = "\(Self.short(measure.low)) to \(Self.short(measure.high))"
            lines.append(
                "  \(measure.isInside ? "in " : "OUT") \(Self.padded(measure.name, 54))"
                    + "\(Self.padded(Self.short(measure.value), 7, left: true)) \(measure.unit)  "
                    + "(\(bounds); \(measure.source))")
        }
        for shape in shapes {
            lines += ["", "  \(shape.name) (\(shape.source)): seen ▇, stated │"]
            let largest = shape.bars.map { max($0.observed, $0.stated) }.max() ?? 1
            lines += shape.bars.map { Self.drawn($0, largest: max(1, largest)) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func drawn(_ bar: Shape.Bar, largest: Int) -> String {
        let width = 50
        let seen = bar.observed * width / largest
        let stated = bar.stated * width / largest
        let cells = (0...width).map { place in
            place == stated ? "│" : place < seen ? "▇" : " "
        }
        return "    \(padded(bar.label, 16))\(cells.joined()) "
            + "\(short(Double(bar.observed) / 10_000)) % (\(short(Double(bar.stated) / 10_000)) %)"
    }

    /// With two digits after the point at most.
    private static func short(_ value: Double) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = value < 0 ? "-" : ""
        let rest = hundredths % 100
        if rest == 0 { return "\(sign)\(hundredths / 100)" }
        return "\(sign)\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - text.count))
        return left ? spaces + text : text + spaces
    }
}
