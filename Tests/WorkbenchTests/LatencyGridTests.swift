import RunReports
import Testing
import Workbench

@Suite("The grid of latencies over time")
struct LatencyGridTests {
    private static let second: Int64 = 1_000_000_000

    @Test("Counts a change between the edges that hold its latency, at the time of its end")
    func places() throws {
        var grid = LatencyGrid()
        for latency in [7_000_000, 9_999_999, 10_000_000] as [Int64] {
            grid.record(latency, at: 2 * Self.second)
        }
        let map = try #require(grid.map)
        #expect(map.edges == [7_000_000, 10_000_000, 15_000_000])
        #expect(
            map.cells == [.init(column: 8, row: 0, count: 2), .init(column: 8, row: 1, count: 1)])
        #expect(map.columnNanoseconds == Self.second / 4)
    }

    @Test("Takes in what no run should show")
    func extremes() throws {
        var grid = LatencyGrid()
        for latency in [.min, -1, 0, .max] as [Int64] { grid.record(latency, at: 0) }
        let map = try #require(grid.map)
        #expect(map.cells.map(\.count) == [3, 1])
        #expect(map.cells[1].row == map.rowCount - 1)
    }

    @Test(
        "Has the same cells whatever the length, in few columns", arguments: [10, 39, 600, 90_000])
    func joins(seconds: Int64) throws {
        var grid = LatencyGrid()
        for moment in 0..<seconds { grid.record(5_000_000, at: moment * Self.second) }
        let map = try #require(grid.map)
        #expect(map.columnCount <= 160 && map.columnCount * 2 > min(160, Int(seconds) * 4))
        #expect(map.cells.reduce(0) { $0 + $1.count } == Int(seconds))
        var again: [Int: Int] = [:]
        for moment in 0..<seconds {
            again[Int(moment * Self.second / map.columnNanoseconds), default: 0] += 1
        }
        for cell in map.cells { #expect(cell.count == again[cell.column]) }
    }

    @Test("Is nothing before anything was acknowledged")
    func empty() { #expect(LatencyGrid().map == nil) }
}
