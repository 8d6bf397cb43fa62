/// The upright axis of a chart: where a value stands, and which values are marked.
struct ValueAxis {
    let isLogarithmic: Bool
    let lower: Double
    let upper: Double
    let ticks: [Double]

    init(values: [Double], unit: Chart.Unit, isLogarithmic: Bool) {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        if isLogarithmic, let least = positive.min(), let most = positive.max() {
            self.isLogarithmic = true
            // Nothing that is measured lies outside; numbers from outside may.
            let scale = Self.decades(from: min(max(least, 1e-12), 1e15), to: min(most, 1e15))
            (lower, upper, ticks) = (scale[0], scale[scale.count - 1], scale)
            return
        }
        self.isLogarithmic = false
        let least = min(0, max(values.filter(\.isFinite).min() ?? 0, -1e18))
        let most = max(0, min(values.filter(\.isFinite).max() ?? 0, 1e18))
        let span = most - least > 0 ? most - least : 1
        let step = Self.step(span / 3, unit: unit)
        var marks: [Double] = []
        var mark = (least / step).rounded(.down)
        while marks.count < 12 {
            marks.append(mark * step)
            if mark * step >= most { break }
            mark += 1
        }
        // A top mark far above the data wastes the space; the data may stand over the last one.
        if marks.count > 2, marks[marks.count - 1] > most + step * 0.4 { marks.removeLast() }
        ticks = marks
        lower = marks[0]
        upper = max(marks[marks.count - 1], most) + step * 0.18
    }

    /// What stands at the bottom and at the top: values, or their logarithms to base 2.
    var ends: (lower: Double, upper: Double) {
        guard isLogarithmic else { return (lower, upper) }
        return (NumberText.binaryLogarithm(lower), NumberText.binaryLogarithm(upper) + 0.35)
    }

    /// From 0 at the bottom to 1 at the top.
    func position(_ value: Double) -> Double {
        let ends = ends
        let scaled = isLogarithmic ? NumberText.binaryLogarithm(max(value, lower)) : value
        return min(max((scaled - ends.lower) / (ends.upper - ends.lower), 0), 1)
    }

    /// The first of 1, 2, 5 times a power of ten (of bytes: of 1024 first) that is no smaller.
    private static func step(_ raw: Double, unit: Chart.Unit) -> Double {
        var scale = 1.0
        if unit == .bytes || unit == .bytesPerSecond {
            while raw / scale >= 512, scale < 1e15 { scale *= 1024 }
        }
        var power = scale
        while power > raw { power /= 10 }
        while power * 10 <= raw { power *= 10 }
        for factor in [1.0, 2, 5] where power * factor >= raw { return power * factor }
        return power * 10
    }

    /// Powers of ten that enclose both, or every second one when there are many.
    private static func decades(from least: Double, to most: Double) -> [Double] {
        var exponent = 0
        while power(exponent) > least { exponent -= 1 }
        while power(exponent + 1) <= least { exponent += 1 }
        var marks = [power(exponent)]
        while marks[marks.count - 1] < most, marks.count < 40 {
            exponent += 1
            marks.append(power(exponent))
        }
        if marks.count == 1 { marks.append(power(exponent + 1)) }
        return marks.count <= 6
            ? marks
            : marks.enumerated().filter { $0.offset % 2 == 0 || $0.offset == marks.count - 1 }.map(
                \.element)
    }

    /// A power of ten, as exact as one can be.
    private static func power(_ exponent: Int) -> Double {
        var result = 1.0
        for _ in 0..<exponent.magnitude { result *= 10 }
        return exponent < 0 ? 1 / result : result
    }
}
