import Columnar

/// What was captured from a real system: changes of a database or lines of a web log, to their end.
///
/// The capture's transactions stay together, a step each. A line that is malformed, or that asks
/// for what the tables cannot do, is refused and counted, and the rest goes on without it. A
/// transaction whose end is missing is refused as a whole, for nothing says that it was committed.
public final class CaptureWorkload: Workload {
    public enum Format: Sendable, Hashable, CaseIterable {
        /// PostgreSQL changes as wal2json writes them in format 2.
        case wal2json
        /// Debezium change events, with or without schema and key.
        case debezium
        /// A web access log in the combined format of Apache and nginx.
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
        /// The name that errors and refused lines give; `.zst` is decompressed.
        public var file: String
        public var format: Format
        public var pace: Pace
        /// The most bytes that a compressed capture may stand for.
        public var byteLimit = 256 * 1024 * 1024

        public init(file: String, format: Format, pace: Pace) {
            self.file = file
            self.format = format
            self.pace = pace
        }
    }

    /// Changes that wait for the end of their transaction.
    private struct Transaction {
        var changes: [Change] = []
        var time: Int64?
        /// The line that began it, if an end must follow.
        var begun: (line: Int, excerpt: String)?
        /// What its lines have in common, if nothing marks their end.
        var identifier: String?
    }

    public let tables: [TableDefinition]
    public private(set) var refusedLines = RefusedLines()
    /// How many lines have been read.
    public var lineCount: Int { lines.number }
    private let options: Options
    private let reader: any CaptureReader
    private var lines: CaptureLines
    private var open: Transaction?
    private var ready: [Transaction] = []
    private var lastTime: Int64?

    public init(_ bytes: [UInt8], _ options: Options) throws(CaptureError) {
        self.options = options
        let plain = try Self.decompressed(bytes, options)
        let lines = CaptureLines(plain)
        self.lines = lines
        let reader: any CaptureReader =
            switch options.format {
            case .wal2json: try Wal2JSONReader(lines, file: options.file)
            case .debezium: try DebeziumReader(lines, file: options.file)
            case .combinedLog: CombinedLogReader()
            }
        self.reader = reader
        tables = reader.tables
        if case .speed = options.pace { try Self.requireTimes(lines, reader, options.file) }
    }

    private static func decompressed(
        _ bytes: [UInt8], _ options: Options
    ) throws(CaptureError) -> [UInt8] {
        let isCompressed = bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
        if !isCompressed && !options.file.hasSuffix(".zst") { return bytes }
        do {
            return try Compression.zstd.decompress(bytes[...], limit: options.byteLimit)
        } catch {
            throw .undecodable(file: options.file, error)
        }
    }

    /// Looks at the first line with changes: if that has no time, none will.
    private static func requireTimes(
        _ all: CaptureLines, _ reader: any CaptureReader, _ file: String
    ) throws(CaptureError) {
        var lines = all
        while let line = lines.next() {
            guard line.count <= CaptureLines.lengthLimit,
                case .changes(_, let time, _)? = try? reader.read(line)
            else { continue }
            if time == nil { throw .noTimes(file: file) }
            return
        }
    }

    // MARK: Steps

    public func next(now: Int64) -> WorkloadStep? {
        while ready.isEmpty {
            guard let line = lines.next() else {
                endOfFile()
                break
            }
            guard line.count <= CaptureLines.lengthLimit else {
                refuse(
                    Refusal(
                        "\(line.count) bytes are over the limit of \(CaptureLines.lengthLimit)"),
                    line: lines.number, line.excerpt)
                continue
            }
            do throws(Refusal) {
                take(try reader.read(line), line)
            } catch {
                refuse(error, line: lines.number, line.excerpt)
            }
        }
        return ready.isEmpty ? nil : step(ready.removeFirst())
    }

    private func take(_ event: CaptureEvent, _ line: ArraySlice<UInt8>) {
        switch event {
        case .nothing: break
        case .begin:
            close()
            open = Transaction(begun: (lines.number, line.excerpt))
        case .changes(let changes, let time, let identifier):
            let isGroup = open?.identifier != nil && open?.identifier == identifier
            if open?.begun == nil && !isGroup {
                close()
                open = Transaction(identifier: identifier)
            }
            open!.changes += changes
            open!.time = time ?? open!.time
            if open!.begun == nil && identifier == nil { close() }
        case .commit(let time):
            if open?.begun == nil {
                refuse(
                    Refusal("a transaction ends here that never began"), line: lines.number,
                    line.excerpt)
                return
            }
            open!.time = time ?? open!.time
            open!.begun = nil
            close()
        }
    }

    /// Ends what is open: ready if it is whole, refused if its end is missing.
    private func close() {
        guard let transaction = open else { return }
        open = nil
        if let begun = transaction.begun {
            refuse(
                Refusal(
                    "the transaction that begins here has no end: its "
                        + "\(transaction.changes.count) changes are left out"),
                line: begun.line, begun.excerpt)
        } else if !transaction.changes.isEmpty {
            ready.append(transaction)
        }
    }

    private func endOfFile() { close() }

    private func refuse(_ refusal: Refusal, line: Int, _ excerpt: String) {
        refusedLines.add(
            RefusedLine(
                file: options.file, line: line, column: refusal.column, reason: refusal.reason,
                text: excerpt))
    }

    // MARK: Times

    /// Gaps are cut to this, so that a capture with a hole of a year still ends.
    private static let gapLimitMicroseconds: Int64 = 86_400_000_000

    private func step(_ transaction: Transaction) -> WorkloadStep {
        precondition(!transaction.changes.isEmpty, "a step without changes")
        var delay = Duration.zero
        switch options.pace {
        case .interval(let interval): delay = interval * transaction.changes.count
        case .speed(let perThousand):
            precondition(perThousand > 0, "a capture at no speed never ends")
            guard let time = transaction.time else { break }
            if let lastTime {
                let (gap, isTooLarge) = time.subtractingReportingOverflow(lastTime)
                let cut = isTooLarge ? 0 : min(max(gap, 0), Self.gapLimitMicroseconds)
                delay = .microseconds(cut * 1000 / Int64(perThousand))
            }
            // Times that go back do not slow down what follows.
            lastTime = max(time, lastTime ?? time)
        }
        return WorkloadStep(delay: delay, changes: transaction.changes)
    }
}
