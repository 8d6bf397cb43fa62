extension Chart.Series {
    /// The points that still look the same when drawn in so many columns: of each column the lowest
    /// and the highest, so that no spike is lost.
    func downsampled(to columnCount: Int) -> [Chart.Point] {
        precondition(columnCount > 0, "no columns to draw in")
        let points = points.filter { $0.value.isFinite && $0.atSeconds.isFinite }
        guard points.count > columnCount * 2, let first = points.first, let last = points.last,
            last.atSeconds > first.atSeconds
        else { return points }
        let width = (last.atSeconds - first.atSeconds) / Double(columnCount)
        var result: [Chart.Point] = []
        var start = 0
        while start < points.count {
            let column = ((points[start].atSeconds - first.atSeconds) / width).rounded(.down)
            var (low, high, end) = (start, start, start + 1)
            while end < points.count,
                ((points[end].atSeconds - first.atSeconds) / width).rounded(.down) == column
            {
                if points[end].value < points[low].value { low = end }
                if points[end].value > points[high].value { high = end }
                end += 1
            }
            result.append(points[min(low, high)])
            if low != high { result.append(points[max(low, high)]) }
            start = end
        }
        return result
    }
}

extension Array {
    /// The `limit` elements that weigh most, in their old order.
    func heaviest(_ limit: Int, by weight: (Element) -> Double) -> [Element] {
        guard count > limit else { return self }
        let chosen = enumerated()
            .sorted { (weight($0.element), -$0.offset) > (weight($1.element), -$1.offset) }
            .prefix(limit)
            .sorted { $0.offset < $1.offset }
        return chosen.map(\.element)
    }
}
