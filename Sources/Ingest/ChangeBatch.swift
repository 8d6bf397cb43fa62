import Columnar

/// Changes on their way to some tables, put together in as few requests as keep their order.
///
/// A request has changes of one kind. Those of one key keep their order; a change goes into the
/// first request of its kind that is not before the last of its key, since changes of different
/// keys do not depend on each other.
struct ChangeBatch {
    enum Kind: Hashable {
        case rows
        /// Some columns, by position.
        case parts([Int])
        case deletions
    }

    /// What becomes one request.
    struct Run {
        var table: Int
        var kind: Kind
        /// Of the columns that the kind says.
        var rows: [Row]
    }

    /// Requests to a table in one batch.
    ///
    /// A log knows the newest five of a writer again, so that all of them can be sent once more.
    static let runLimit = 4
    var rowLimit = 10_000
    /// Far below what the engine takes of one bucket at once.
    static let byteLimit = 2 * 1024 * 1024

    private(set) var rowCount = 0
    private(set) var byteCount = 0
    private(set) var runs: [Run] = []
    /// By table: its runs, by position in `runs`.
    private var places: [Int: [Int]] = [:]
    /// By table: which of its runs has the last change of a key.
    private var last: [Int: [[Value]: Int]] = [:]

    var isEmpty: Bool { rowCount == 0 }
    var isFull: Bool { rowCount >= rowLimit || byteCount >= Self.byteLimit }

    /// Takes in a change; false, and nothing is done, if the batch has to be sent before.
    mutating func add(_ change: RowChange, to table: Int, _ shape: TableShape) -> Bool {
        let (kind, row, key) = Self.parts(of: change, shape)
        let first = key.flatMap { last[table]?[$0] } ?? 0
        let own = places[table] ?? []
        var run = first
        while run < own.count && runs[own[run]].kind != kind { run += 1 }
        if run == own.count {
            if run == Self.runLimit { return false }
            places[table, default: []].append(runs.count)
            runs.append(Run(table: table, kind: kind, rows: []))
        }
        runs[places[table]![run]].rows.append(row)
        if let key { last[table, default: [:]][key] = run }
        rowCount += 1
        byteCount += row.reduce(16) { $0 + $1.byteCount }
        return true
    }

    /// The kind of a change, what its request has of it, and its key unless it is of a log.
    private static func parts(
        of change: RowChange, _ shape: TableShape
    ) -> (Kind, Row, [Value]?) {
        let key = shape.keyPositions
        switch change {
        case .row(let row):
            return (.rows, row, key.isEmpty ? nil : key.map { row[$0] })
        case .part(let values):
            let columns = values.indices.filter { values[$0] != nil }
            return (
                .parts(columns), columns.map { values[$0]! }, key.map { values[$0] ?? .null }
            )
        case .deletion(let values): return (.deletions, values, values)
        }
    }
}
