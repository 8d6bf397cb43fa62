public import Columnar
public import Iceberg
public import Platform

/// A table that a question may name.
public struct SQLTable: Hashable, Sendable {
    public var database: String
    public var name: String
    public var columns: [Field]

    public init(database: String, name: String, columns: [Field]) {
        self.database = database
        self.name = name
        self.columns = columns
    }
}

/// What a question reads of one table at one moment.
public struct SQLScan: Hashable, Sendable {
    /// The place of the table among the question's.
    public var table: Int
    /// Whether what became of the rows is read, from one moment to another, instead of the rows.
    public var isOfChanges: Bool
    /// As the statement writes them; nil for the beginning, and for the present.
    public var since: String?
    public var asOf: String?
    /// Positions of the columns that are read, in order.
    public var columns: [Int]
    /// What rows have to pass to be of use; of changes all are read.
    public var filter: RowFilter
    /// As many rows as are of use, whichever they are; nil for all.
    public var rowLimit: Int?

    /// Whether both read the same table at the same moment.
    public func isOfSameRows(as other: SQLScan) -> Bool {
        table == other.table && isOfChanges == other.isOfChanges && since == other.since
            && asOf == other.asOf
    }

    /// Whether what it read is enough for another scan.
    func covers(_ other: SQLScan) -> Bool {
        isOfSameRows(as: other) && Set(columns).isSuperset(of: other.columns)
            && (filter.conditions.isEmpty || filter == other.filter)
            && (rowLimit == nil || rowLimit == other.rowLimit)
    }

    /// One scan that is enough for both.
    func joined(with other: SQLScan) -> SQLScan {
        var joined = self
        joined.columns = Set(columns + other.columns).sorted()
        if filter != other.filter { joined.filter = RowFilter() }
        if rowLimit != other.rowLimit || filter != other.filter { joined.rowLimit = nil }
        return joined
    }
}

/// The rows that a scan found.
public struct SQLRows: Sendable {
    public var scan: SQLScan
    /// Of the scan's columns, in that order; of changes their kind comes first, as text: `insert`,
    /// `delete`, `update_before`, `update_after`.
    public var batches: [RecordBatch]

    public init(scan: SQLScan, batches: [RecordBatch]) {
        self.scan = scan
        self.batches = batches
    }

    /// About what the rows take in memory.
    public var byteCount: Int { batches.reduce(0) { $0 + Self.byteCount(of: $1) } }

    /// About what a batch takes in memory.
    public static func byteCount(of batch: RecordBatch) -> Int {
        batch.columns.reduce(0) { $0 + byteCount(of: $1) }
    }

    private static func byteCount(of column: ColumnVector) -> Int {
        column.data.count + column.offsets.count * 4 + column.validity.count
            + column.children.reduce(0) { $0 + byteCount(of: $1) }
    }
}

/// One statement that only reads, over tables that somebody else reads for it.
///
/// It is asked again and again: each time it says which rows it lacks, until it has all of them and
/// answers. So SQLite, which cannot wait, waits for nobody, and what it does is a function of the
/// statement and the rows. What it may use is bounded (``Limits``).
public struct SQLQuestion: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Of the answer; what is beyond is left out.
        public var rowCount = 10_000
        /// Of the answer's values, in bytes.
        public var answerByteCount = 64 * 1024 * 1024
        /// Steps of SQLite's machine, of which it does some ten millions a second.
        public var stepCount = 100_000_000
        /// What SQLite may hold, for sorts and groups, in bytes.
        public var memoryByteCount = 128 * 1024 * 1024

        public init() {}
    }

    public struct Column: Hashable, Sendable {
        public var name: String
        /// INTEGER, REAL, TEXT or BLOB where it is a table's column; nil of an expression.
        public var type: String?
    }

    public struct Answer: Sendable {
        public var columns: [Column]
        public var rows: [[SQLCell]]
        /// Whether there are no more rows.
        public var isWhole: Bool
    }

    public enum Step: Sendable {
        /// The rows of this scan are lacking; those of the same table and moment that were given
        /// before are of no more use.
        case reads(SQLScan)
        case answers(Answer)
    }

    public var text: String
    /// The values of its parameters `?`, in order.
    public var parameters: [SQLCell] = []
    public var tables: [SQLTable]
    /// Whose tables come first where a name says no database.
    public var database: String?
    public var limits = Limits()

    public init(_ text: String, over tables: [SQLTable]) {
        self.text = text
        self.tables = tables
    }

    /// Answers, or says what is lacking.
    ///
    /// - Parameter sign: Ends the step once it is raised.
    /// - Throws: `SQLQuestionError`.
    public func step(
        over rows: [SQLRows], until sign: StopSign = StopSign()
    ) throws(SQLQuestionError) -> Step {
        do { return try QuestionSession(self, rows, until: sign).run() } catch let error
            as SQLQuestionError
        {
            throw error
        } catch { throw .statement(reason: "\(error)") }
    }
}

/// Why a question has no answer.
public enum SQLQuestionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// SQLite does not take the statement, in its words; write another one.
    case statement(reason: String)
    /// No table has the name; take one of those that there are.
    case unknownTable(name: String)
    /// The statement would do something else than read, such as `INSERT`.
    case notReading(word: String)
    /// It would use more than it may; ask for less.
    case overLimit(reason: String)

    public var description: String {
        switch self {
        case .statement(let reason): reason
        case .unknownTable(let name): "no such table: \(name)"
        case .notReading(let word): "\(word) is refused: a question only reads"
        case .overLimit(let reason): reason
        }
    }
}
