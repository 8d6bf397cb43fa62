public import RunReports

/// Counts acknowledged changes by when and after how long, in room that does not grow with the run.
///
/// Its columns begin narrow and are joined two and two whenever there are too many.
public struct LatencyGrid: Sendable {
    static let columnLimit = 160

    /// Six steps a decade, from a microsecond to a thousand seconds.
    static let edges: [Int64] = {
        var edges: [Int64] = []
        var decade: Int64 = 1_000
        while decade < 1_000_000_000_000 {
            edges += [10, 15, 20, 30, 50, 70].map { decade * $0 / 10 }
            decade *= 10
        }
        return edges + [decade]
    }()

    private var columnNanoseconds: Int64 = 250_000_000
    private var columns: [[Int]] = []

    public init() {}

    /// What lies outside of the edges counts as what is next to them.
    public mutating func record(_ latency: Int64, at moment: Int64) {
        precondition(moment >= 0, "before the run")
        while moment / columnNanoseconds >= Self.columnLimit { joinColumns() }
        let column = Int(moment / columnNanoseconds)
        while columns.count <= column {
            columns.append(Array(repeating: 0, count: Self.edges.count - 1))
        }
        let row = (Self.edges.firstIndex { $0 > latency } ?? .max) - 1
        columns[column][min(max(row, 0), Self.edges.count - 2)] += 1
    }

    private mutating func joinColumns() {
        columnNanoseconds *= 2
        columns = stride(from: 0, to: columns.count, by: 2).map { first in
            first + 1 < columns.count
                ? zip(columns[first], columns[first + 1]).map { $0 + $1 } : columns[first]
        }
    }

    /// The rows that have anything, and those between them; nil if nothing was recorded.
    public var map: LatencyMap? {
        let rows = (0..<(Self.edges.count - 1)).filter { row in
            columns.contains { $0[row] > 0 }
        }
        guard let first = rows.first, let last = rows.last else { return nil }
        let cells = columns.enumerated().flatMap { number, counts in
            (first...last).filter { counts[$0] > 0 }.map {
                LatencyMap.Cell(column: number, row: $0 - first, count: counts[$0])
            }
        }
        return LatencyMap(
            columnNanoseconds: columnNanoseconds, edges: Array(Self.edges[first...(last + 1)]),
            cells: cells)
    }
}
