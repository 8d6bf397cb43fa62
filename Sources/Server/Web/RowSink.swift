import Columnar
import JSON
import Platform

/// Collects the rows of an answer in a format, up to a number of rows and of bytes.
struct RowSink {
    /// An answer is put together in memory.
    static let byteLimit = 64 * 1024 * 1024

    private let format: RowFormat
    private let schema: Schema
    private let limit: Int
    private(set) var rowCount = 0
    private var text: [UInt8] = []
    private var stream: ArrowStreamWriter
    private var byteCount = 0
    private let pageByteCount: Int

    /// It is full once it has `limit` rows, or `pageByteCount` bytes.
    init(
        _ format: RowFormat, _ schema: Schema, limit: Int = .max, pageByteCount: Int = .max
    ) {
        self.pageByteCount = pageByteCount
        self.format = format
        self.schema = schema
        self.limit = limit
        stream = ArrowStreamWriter(schema: schema)
    }

    var isFull: Bool { rowCount >= limit || byteCount >= pageByteCount }

    /// Rows that may still be taken.
    var room: Int { max(0, limit - rowCount) }

    /// Takes the rows of a batch, as far as there is room for them.
    ///
    /// Throws `WebProblem` if they are too many for an answer.
    mutating func take(_ batch: RecordBatch) throws(WebProblem) {
        let count = min(batch.rowCount, limit - rowCount)
        if count <= 0 { return }
        if format == .arrow {
            let part = batch.slice(0..<count)
            // What the columns hold is about what the stream will take.
            byteCount += part.columns.reduce(0) { $0 + $1.data.count + $1.offsets.count * 4 }
            try requireRoom()
            stream.append(part)
            rowCount += count
            return
        }
        for row in 0..<count { try take(batch.row(at: row)) }
    }

    private mutating func take(_ row: Row) throws(WebProblem) {
        write(
            .object(
                zip(schema.fields, row).map { JSONMember($0.name, RowText.json($1, $0.type)) }))
        byteCount = text.count
        try requireRoom()
    }

    /// Takes a row that is an object already. Precondition: the answer is no stream of Arrow.
    mutating func take(_ object: JSONValue) throws(WebProblem) {
        precondition(format != .arrow, "a row of JSON for a stream of Arrow")
        write(object)
        byteCount = text.count
        try requireRoom()
    }

    private mutating func write(_ value: JSONValue) {
        if format == .json && rowCount > 0 { text.append(UInt8(ascii: ",")) }
        text += Array(value.compact.utf8)
        if format == .ndjson { text.append(UInt8(ascii: "\n")) }
        rowCount += 1
    }

    /// Takes the row of a key, or that it has none, which a stream of Arrow leaves out.
    mutating func take(_ row: Row?, _ positions: [Int]) throws(WebProblem) {
        guard let row else {
            if format != .arrow { write(.null) }
            return
        }
        let wanted = positions.map { row[$0] }
        if format != .arrow { return try take(wanted) }
        do { try take(RecordBatch(schema: schema, rows: [wanted])) } catch let error as WebProblem {
            throw error
        } catch {
            preconditionFailure("a row that was read is none: \(error)")
        }
    }

    private func requireRoom() throws(WebProblem) {
        if byteCount <= Self.byteLimit { return }
        throw WebProblem(
            422, "answerTooLarge",
            "the answer is over \(Self.byteLimit) bytes: ask for fewer columns or rows, by a "
                + "filter or a limit")
    }

    func response() -> WebResponse {
        let body: [UInt8] =
            switch format {
            case .json: [UInt8(ascii: "[")] + text + [UInt8(ascii: "]")]
            case .ndjson: text
            case .arrow: stream.finish()
            }
        return WebResponse(200, format.mediaType, body)
    }
}
