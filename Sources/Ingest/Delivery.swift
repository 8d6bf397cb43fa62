import Columnar
import Host
public import JSON

/// What an ingest has done so far.
public struct IngestTally: Hashable, Sendable {
    /// Changes that are in the target, since the ingest was begun and since this process started.
    public var rowCount: Int64 = 0
    public var ownRowCount: Int64 = 0
    public var batchCount: Int64 = 0
    /// Requests that were sent again.
    public var repeatedCount: Int64 = 0
    /// Lines that could not be taken and were let go.
    public var leftOutCount: Int64 = 0
}

/// Brings changes to the target exactly once, whatever dies in between.
public final class Delivery {
    /// A writer that has been silent for so long, in seconds, is followed by a new one: a log
    /// forgets its writers after some days.
    private static let writerAge = 3600.0

    public let target: IngestTarget
    private let file: StateFile
    private var state: IngestState
    private var shapes: [TableShape] = []
    private var batch = ChangeBatch()
    /// Changes that are enough for a batch, whatever their size.
    var batchRowLimit = ChangeBatch().rowLimit {
        didSet { batch.rowLimit = batchRowLimit }
    }
    private var lastSent = IngestTarget.seconds
    /// When the first change of the batch was added.
    private var firstAdded = 0.0
    /// Is told after each batch.
    public var onBatch: (IngestTally) -> Void = { _ in }
    public var tally = IngestTally()
    /// Where the source goes on; null at its beginning.
    public private(set) var start = JSONValue.null
    /// Says the position behind the changes that were added so far, in the source's own terms;
    /// asked before each batch is sent.
    public var position: () -> JSONValue = { .null }

    /// Reads what an earlier process left, and sends again what it may not have sent.
    ///
    /// - Parameter source: What is read; a state of another source is refused.
    /// - Throws: `IngestError`.
    public init(
        _ target: IngestTarget, _ file: StateFile, source: String
    ) throws(IngestError) {
        self.target = target
        self.file = file
        state = IngestState(source: source, target: target.url)
        if let bytes = try file.read() {
            do throws(JSONError) { state = try IngestState(decoding: bytes) } catch {
                throw .state(path: file.path, reason: "cannot be used: \(error)")
            }
            if state.source != source {
                throw .state(
                    path: file.path,
                    reason: "is of \(state.source), not of \(source): name another with --state")
            }
            state.target = target.url
        }
        start = state.position
        tally.rowCount = state.rowCount
        tally.batchCount = state.batchCount
        if !state.requests.isEmpty { try send() }
        // The next batch is of a new writer: what was acknowledged long ago may be forgotten.
        state.writer = nil
    }

    /// Makes room for a table; its changes are added under the number that is returned.
    public func open(_ shape: TableShape) throws(IngestError) -> Int {
        shapes.append(try target.prepare(shape))
        return shapes.count - 1
    }

    public func shape(_ table: Int) -> TableShape { shapes[table] }

    /// Has the later changes of a table be of another shape; what was added before is sent first.
    public func reshape(
        _ table: Int, to shape: TableShape, _ alter: () throws(IngestError) -> Void
    ) throws(IngestError) {
        try flush()
        // Requests of the columns before could not be sent again.
        try settle()
        try alter()
        shapes[table] = try target.prepare(shape)
    }

    /// Adds a change; what was added before is sent if there is no room for it.
    ///
    /// The caller moves its position behind the change, and then calls `flushIfFull`.
    public func add(_ change: RowChange, to table: Int) throws(IngestError) {
        if batch.isEmpty { firstAdded = IngestTarget.seconds }
        if batch.add(change, to: table, shapes[table]) { return }
        try flush()
        firstAdded = IngestTarget.seconds
        let isAdded = batch.add(change, to: table, shapes[table])
        precondition(isAdded, "an empty batch takes any change")
    }

    /// Sends what was added if it is enough for a batch.
    public func flushIfFull() throws(IngestError) {
        if batch.isFull { try flush() }
    }

    public var isEmpty: Bool { batch.isEmpty }

    /// Since when the oldest change waits to be sent, in monotonic seconds; now if none does.
    var waitsSince: Double { batch.isEmpty ? IngestTarget.seconds : firstAdded }

    /// Sends what was added, and waits until it is acknowledged.
    public func flush() throws(IngestError) {
        if batch.isEmpty { return }
        if IngestTarget.seconds - lastSent > Self.writerAge { state.writer = nil }
        if state.writer == nil {
            state.writer = try target.newWriter()
            state.sequences = [:]
        }
        state.requests = []
        for run in batch.runs { state.requests.append(try request(run)) }
        state.position = position()
        state.rowCount += Int64(batch.rowCount)
        state.batchCount += 1
        try file.write(state.encoded())
        try send()
        batch = ChangeBatch()
        batch.rowLimit = batchRowLimit
    }

    /// Notes that all is acknowledged up to the position that was reached.
    public func settle() throws(IngestError) {
        precondition(batch.isEmpty, "changes wait to be sent")
        let position = position()
        if state.requests.isEmpty && state.position == position { return }
        state.requests = []
        state.position = position
        try file.write(state.encoded())
    }

    /// Has the next batch be of a new writer, as where a table was dropped and made anew, which
    /// knows nothing of the sequences before.
    func renewWriter() throws(IngestError) {
        try settle()
        state.writer = nil
    }

    private func request(_ run: ChangeBatch.Run) throws(IngestError) -> IngestState.Request {
        let shape = shapes[run.table]
        var path = IngestTarget.path(shape.database, shape.table) + "/rows"
        var fields = shape.fields
        var isPartial = false
        switch run.kind {
        case .rows: break
        case .parts(let columns):
            fields = columns.map { shape.fields[$0] }
            isPartial = true
        case .deletions:
            fields = shape.keyPositions.map { shape.fields[$0] }
            path += "/delete"
        }
        let body: [UInt8]
        do throws(ColumnarError) { body = try Self.stream(run.rows, fields) } catch {
            throw .target(reason: "a row for \(shape.name) does not fit it: \(error)")
        }
        let sequence = state.sequences[shape.name] ?? 0
        state.sequences[shape.name] = sequence + 1
        return IngestState.Request(
            path: path, isPartial: isPartial, table: shape.name, sequence: sequence,
            rowCount: run.rows.count, body: body)
    }

    private static func stream(
        _ rows: [Row], _ fields: [Field]
    ) throws(ColumnarError) -> [UInt8] {
        var fields = fields
        for position in fields.indices { fields[position].identifier = Int32(position + 1) }
        let schema = try Schema(validating: fields)
        var writer = ArrowStreamWriter(schema: schema)
        writer.append(try RecordBatch(schema: schema, rows: rows))
        return writer.finish()
    }

    /// Sends the requests of the state, in order.
    private func send() throws(IngestError) {
        guard let writer = state.writer else { return }
        for request in state.requests {
            var path = "\(request.path)?writer=\(writer)&sequence=\(request.sequence)"
            if request.isPartial { path += "&partial=true" }
            let answer = try target.ask(
                "POST", path, contentType: "application/vnd.apache.arrow.stream", request.body)
            guard answer.status == 200 else {
                throw .target(
                    reason: "\(target.url) refuses \(request.rowCount) changes of "
                        + "\(request.table): \(IngestTarget.detail(answer))")
            }
            tally.ownRowCount += Int64(request.rowCount)
        }
        lastSent = IngestTarget.seconds
        tally.rowCount = state.rowCount
        tally.batchCount = state.batchCount
        tally.repeatedCount = target.repeatedCount
        onBatch(tally)
    }
}
