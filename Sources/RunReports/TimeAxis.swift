/// The axis that all lanes and charts of a page share.
struct TimeAxis {
    let length: Double
    let ticks: [Double]

    init(length: Double) {
        self.length = length > 0 && length.isFinite ? length : 1
        let steps: [Double] = [
            0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200,
            86_400, 172_800, 432_000,
        ]
        let raw = self.length / 11
        let step = steps.first { $0 >= raw } ?? raw
        var marks: [Double] = []
        while marks.count < 16, Double(marks.count) * step <= self.length * 1.000001 {
            marks.append(Double(marks.count) * step)
        }
        ticks = marks
    }

    /// Thousandths of the width, within the run.
    func position(_ seconds: Double) -> Double {
        guard seconds.isFinite else { return 0 }
        return min(max(seconds / length, 0), 1) * 1000
    }

    /// As a percentage for attributes: `12.34%`.
    func percent(_ seconds: Double) -> String { Self.text(position(seconds) / 10) + "%" }

    /// The width of a span as a percentage, at least so wide that it can be seen.
    func percent(from: Double, until: Double, atLeast least: Double = 0) -> String {
        let width = (position(until) - position(from)) / 10
        return Self.text(max(width, least)) + "%"
    }

    /// With at most two decimals, as attributes want it.
    static func text(_ value: Double) -> String {
        let hundredths = Int((min(max(value, -1e15), 1e15) * 100).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return "\(sign)\(whole)" }
        if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
        return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}
