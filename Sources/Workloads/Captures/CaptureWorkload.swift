import Columnar

/// What was captured from a real system: changes of a database or lines of a web log, to their end.
///
/// The capture's transactions stay together, a step each. A line that is malformed, or that asks
/// for what the tables cannot do, is refused and counted, and the rest goes on without it. A
/// transaction whose end is missing is refused as a whole, for nothing says that it was committed.
public final class CaptureWorkload: Workload {
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// PostgreSQL changes as wal2json writes them, in format 1 or 2.
        case wal2json
        /// Debezium change events, with or without schema and key.
        case debezium
        /// A web access log, in the combined format of Apache and nginx if nothing else is said.
        case combinedLog
    }

    public enum Pace: Sendable, Hashable {
        /// So much time for each change.
        case interval(Duration)
        /// The capture's own times, in thousandths of its speed.
        ///
        /// A web log knows seconds only: the lines of one second come at once.
        case speed(perThousand: Int)
    }

    public struct Options: Sendable, Hashable {
        /// The name that errors and refused lines give.
        public var file: String
        public var format: Format
        public var pace: Pace
        /// The tables to replay, by name; all of them when empty.
        public var tables: [String] = []
        /// Tables that are not replayed, by name.
        public var without: [String] = []
        /// How a web log is written: a format string of nginx or Apache, or a format's name.
        public var logFormat: String?
        /// The name of the table that a web log becomes.
        public var logTable = "access_log"
        /// The most bytes that a capture may have or, if it is compressed, come to.
        public var byteLimit = 256 * 1024 * 1024

        public init(file: String, format: Format, pace: Pace) {
            self.file = file
            self.format = format
            self.pace = pace
        }
    }

    public let tables: [TableDefinition]
    public var refusedLines: RefusedLines { cursor.refusedLines }
    /// How many lines have been read.
    public var lineCount: Int { cursor.lineCount }
    private let options: Options
    private var cursor: CaptureCursor
    private var lastTime: Int64?
    private var played = CaptureExtent()
    /// What had been played before the last step.
    private var playedBefore = CaptureExtent()

    public init(_ bytes: [UInt8], _ options: Options) throws(CaptureError) {
        self.options = options
        let text = try CaptureBytes.text(bytes, file: options.file, limit: options.byteLimit)
        let isJSON = options.format != .combinedLog || options.logFormat == "json"
        let lines = CaptureLines(text, isJSON ? CaptureLines.layout(ofJSON: text) : .lines)
        let reader = try Self.reader(lines, options)
        cursor = CaptureCursor(lines, reader, file: options.file)
        tables = reader.known.definitions
        if case .speed = options.pace { try Self.requireTimes(lines, reader, options.file) }
    }

    static func reader(
        _ lines: some CaptureRecords, _ options: Options
    ) throws(CaptureError) -> any CaptureReader {
        let selection = TableSelection(only: options.tables, without: options.without)
        switch options.format {
        case .wal2json: return try Wal2JSONReader(lines, selection, file: options.file)
        case .debezium: return try DebeziumReader(lines, selection, file: options.file)
        case .combinedLog:
            if options.logFormat == "json" {
                return try JSONLogReader(
                    lines, table: options.logTable, selection, file: options.file)
            }
            let format = try options.logFormat.map(LogFormat.init) ?? .combined
            return try AccessLogReader(
                format, table: options.logTable, selection, file: options.file)
        }
    }

    /// Looks at the first line with changes: if that has no time, none will.
    private static func requireTimes(
        _ all: CaptureLines, _ found: any CaptureReader, _ file: String
    ) throws(CaptureError) {
        var lines = all
        var reader = found
        while let line = lines.next() {
            guard line.count <= CaptureLines.lengthLimit,
                case .changes(_, let time, _)? = try? reader.read(line, line: lines.number)
            else { continue }
            if time == nil { throw .noTimes(file: file) }
            return
        }
    }

    // MARK: Steps

    public func next(now: Int64) -> WorkloadStep? {
        guard let transaction = cursor.next() else { return nil }
        playedBefore = played
        played.transactionCount += 1
        played.changeCount += transaction.changes.count
        played.lineCount = transaction.endLine
        return WorkloadStep(delay: delay(of: transaction), changes: transaction.changes)
    }

    /// Gaps are cut to this, so that a capture with a hole of a year still ends.
    private static let gapLimitMicroseconds: Int64 = 86_400_000_000

    private func delay(of transaction: CapturedTransaction) -> Duration {
        precondition(!transaction.changes.isEmpty, "a step without changes")
        switch options.pace {
        case .interval(let interval): return interval * transaction.changes.count
        case .speed(let perThousand):
            precondition(perThousand > 0, "a capture at no speed never ends")
            guard let time = transaction.time else { return .zero }
            defer {
                // Times that go back do not slow down what follows.
                lastTime = max(time, lastTime ?? time)
            }
            guard let lastTime else { return .zero }
            let (gap, isTooLarge) = time.subtractingReportingOverflow(lastTime)
            let cut = isTooLarge ? 0 : min(max(gap, 0), Self.gapLimitMicroseconds)
            return .microseconds(cut * 1000 / Int64(perThousand))
        }
    }

    // MARK: How much was played

    public func coverage(sentCount: Int) -> CaptureCoverage? {
        // The last step may have been drawn when the run ended before its time.
        let isLastPlayed = sentCount >= played.changeCount
        var held = played
        var rest = cursor
        var nextCount: Int? = isLastPlayed ? nil : played.changeCount - playedBefore.changeCount
        while let transaction = rest.next() {
            nextCount = nextCount ?? transaction.changes.count
            held.transactionCount += 1
            held.changeCount += transaction.changes.count
        }
        held.lineCount = rest.lineCount
        return CaptureCoverage(
            file: options.file, played: isLastPlayed ? played : playedBefore, held: held,
            nextChangeCount: nextCount, pace: options.pace)
    }
}
