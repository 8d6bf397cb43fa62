import Columnar

/// A transaction of a capture, ready to be replayed.
struct CapturedTransaction {
    var changes: [Change]
    /// When it was committed, in microseconds since 1970.
    var time: Int64?
    /// The last line that was read of it.
    var endLine: Int
}

/// A place in a capture; a copy goes on from there by itself.
struct CaptureCursor {
    /// A change and the line that says it.
    fileprivate struct Said {
        var change: CapturedChange
        var line: Int
        var excerpt: String
    }

    /// Changes that wait for the end of their transaction.
    private struct Open {
        var said: [Said] = []
        var time: Int64?
        /// The last line that was read of it.
        var endLine = 0
        /// The line that began it, if an end must follow.
        var begun: (line: Int, excerpt: String)?
        /// What its lines have in common, if nothing marks their end.
        var identifier: String?
    }

    private(set) var refusedLines = RefusedLines()
    /// How many lines have been read.
    var lineCount: Int { lines.readCount }
    private let file: String
    private var reader: any CaptureReader
    private var lines: CaptureLines
    private var rows: CapturedRows
    private var open: Open?
    private var ready: [CapturedTransaction] = []

    init(_ lines: CaptureLines, _ reader: any CaptureReader, file: String) {
        self.lines = lines
        self.reader = reader
        self.file = file
        rows = CapturedRows(reader.known)
    }

    /// The next transaction that changes something; nil at the end.
    mutating func next() -> CapturedTransaction? {
        while ready.isEmpty {
            guard let record = lines.next() else {
                close()
                break
            }
            guard record.count <= CaptureLines.lengthLimit else {
                refused(
                    Refusal(
                        "\(record.count) bytes are over the limit of \(CaptureLines.lengthLimit)"),
                    record)
                continue
            }
            do throws(Refusal) {
                take(try reader.read(record, line: lines.number), record)
            } catch {
                refused(error, record)
            }
        }
        return ready.isEmpty ? nil : ready.removeFirst()
    }

    private mutating func take(_ event: CaptureEvent, _ record: ArraySlice<UInt8>) {
        switch event {
        case .nothing: break
        case .begin:
            close()
            open = Open(begun: (lines.number, record.excerpt))
        case .changes(let changes, let time, let identifier):
            let isGroup = open?.identifier != nil && open?.identifier == identifier
            if open?.begun == nil && !isGroup {
                close()
                open = Open(identifier: identifier)
            }
            let (line, excerpt) = (lines.number, record.excerpt)
            open!.said += changes.map { Said(change: $0, line: line, excerpt: excerpt) }
            open!.time = time ?? open!.time
            open!.endLine = lines.readCount
            if open!.begun == nil && identifier == nil { close() }
        case .commit(let time):
            if open?.begun == nil {
                refuse(
                    Refusal("a transaction ends here that never began"), line: lines.number,
                    record.excerpt)
                return
            }
            open!.time = time ?? open!.time
            open!.endLine = lines.readCount
            open!.begun = nil
            close()
        }
    }

    /// Ends what is open: ready if it is whole, refused if its end is missing.
    private mutating func close() {
        guard let transaction = open else { return }
        open = nil
        if let begun = transaction.begun {
            let count = transaction.said.count { !$0.isRefused }
            refuse(
                Refusal(
                    "the transaction that begins here has no end: its \(count) changes are left "
                        + "out"),
                line: begun.line, begun.excerpt)
            // Whether it was committed is not known.
            for said in transaction.said {
                rows.forget(said.change)
                if case .refused(let refusal) = said.change.kind {
                    refuse(refusal, line: said.line, said.excerpt)
                }
            }
            return
        }
        var changes: [Change] = []
        for said in transaction.said {
            do throws(Refusal) {
                changes += try rows.apply(said.change)
            } catch {
                refuse(error, line: said.line, said.excerpt)
            }
        }
        if changes.isEmpty { return }
        ready.append(
            CapturedTransaction(
                changes: changes, time: transaction.time, endLine: transaction.endLine))
    }

    // MARK: Refused lines

    /// Refuses a record in its place among the changes of an open transaction.
    private mutating func refused(_ refusal: Refusal, _ record: ArraySlice<UInt8>) {
        guard open != nil else {
            rows.forget(refusal.doubt)
            refuse(refusal, line: lines.number, record.excerpt)
            return
        }
        open!.said.append(
            Said(
                change: CapturedChange(refused: refusal), line: lines.number,
                excerpt: record.excerpt))
    }

    private mutating func refuse(_ refusal: Refusal, line: Int, _ excerpt: String) {
        refusedLines.add(
            RefusedLine(
                file: file, line: line, column: refusal.column, reason: refusal.reason,
                text: excerpt))
    }
}

extension CaptureCursor.Said {
    fileprivate var isRefused: Bool {
        if case .refused = change.kind { return true }
        return false
    }
}
