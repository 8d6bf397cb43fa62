/// How many changes were acknowledged when, and after how long: the cells of a heat map.
public struct LatencyMap: Sendable, Hashable {
    /// Changes of one span of time that took about equally long; cells without any are left out.
    public struct Cell: Sendable, Hashable {
        /// Spans of time, from the start of the run.
        public var column: Int
        /// Spans of latency, from the fastest.
        public var row: Int
        public var count: Int

        public init(column: Int, row: Int, count: Int) {
            self.column = column
            self.row = row
            self.count = count
        }
    }

    /// A page has no room for more.
    public static let columnLimit = 240
    public static let rowLimit = 60

    /// The length of the span of time that a column stands for.
    public let columnNanoseconds: Int64
    /// Where each row begins, and at last where the last one ends.
    public let edges: [Int64]
    /// In the order of time, and the faster first.
    public let cells: [Cell]

    /// Nil if the cells do not lie within the limits and edges, or the edges do not go up.
    public init?(columnNanoseconds: Int64, edges: [Int64], cells: [Cell]) {
        let rowCount = edges.count - 1
        guard columnNanoseconds > 0, (1...Self.rowLimit).contains(rowCount), edges[0] >= 0,
            zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }),
            cells.allSatisfy({ cell in
                (0..<Self.columnLimit).contains(cell.column)
                    && (0..<rowCount).contains(cell.row) && cell.count > 0
            })
        else { return nil }
        self.columnNanoseconds = columnNanoseconds
        self.edges = edges
        self.cells = cells.sorted { ($0.column, $0.row) < ($1.column, $1.row) }
    }

    public var rowCount: Int { edges.count - 1 }

    /// One more than the last column that has a cell.
    public var columnCount: Int { (cells.map(\.column).max() ?? -1) + 1 }

    var columnSeconds: Double { Double(columnNanoseconds) / 1e9 }

    /// What the cells of some columns say together.
    struct Spread {
        var count: Int
        /// Upper bounds of what half of the changes, 99 of 100 and all of them took, in seconds.
        var half: Double
        var mostly: Double
        var whole: Double
    }

    /// Nil where no change was acknowledged.
    func spread(in columns: Range<Int>) -> Spread? {
        var counts = Array(repeating: 0, count: rowCount)
        for cell in cells where columns.contains(cell.column) {
            counts[cell.row] = [counts[cell.row], cell.count].boundedSum
        }
        let count = counts.boundedSum
        guard count > 0 else { return nil }
        func bound(_ part: Double) -> Double {
            var seen = 0.0
            for (row, number) in counts.enumerated() {
                seen += Double(number)
                if number > 0 && seen >= Double(count) * part {
                    return Double(edges[row + 1]) / 1e9
                }
            }
            return Double(edges[rowCount]) / 1e9
        }
        let last = counts.lastIndex { $0 > 0 } ?? 0
        return Spread(
            count: count, half: bound(0.5), mostly: bound(0.99),
            whole: Double(edges[last + 1]) / 1e9)
    }
}
