import Columnar
import JSON

/// What an ingest remembers: how far it has read, and the requests that it was about to send.
///
/// It is written before requests are sent, with their bodies. Whoever starts from it sends them
/// again under the same writer and sequences, which the engine carries out once, and reads on from
/// the position behind them.
///
///     wavetank ingest 1, the checksum of what follows in 8 digits
///     an object of JSON on one line
///     the bodies of the requests, one after the other
struct IngestState: Hashable {
    /// A request that may have been carried out or not.
    struct Request: Hashable {
        /// Without writer and sequence.
        var path: String
        var isPartial: Bool
        /// The table, as `sequences` names it.
        var table: String
        var sequence: Int32
        var rowCount: Int
        var body: [UInt8]
    }

    /// What is read, so that the file is not used for anything else.
    var source = ""
    var target = ""
    /// Draws no other; nil until the first request.
    var writer: String?
    /// The next sequence of each table, by its name.
    var sequences: [String: Int32] = [:]
    /// Where the source goes on, in its own terms; null at its beginning.
    var position = JSONValue.null
    var requests: [Request] = []
    /// Since the ingest was begun.
    var rowCount: Int64 = 0
    var batchCount: Int64 = 0

    private static let mark = "wavetank ingest 1, "

    func encoded() -> [UInt8] {
        let listed = requests.map { request -> JSONValue in
            [
                "path": .string(request.path), "partial": .bool(request.isPartial),
                "table": .string(request.table), "sequence": .integer(Int64(request.sequence)),
                "rows": .integer(Int64(request.rowCount)),
                "bytes": .integer(Int64(request.body.count)),
            ]
        }
        let sequences = sequences.sorted { $0.key < $1.key }
            .map { JSONMember($0.key, .integer(Int64($0.value))) }
        let head: JSONValue = [
            "source": .string(source), "target": .string(target),
            "writer": writer.map { .string($0) } ?? .null, "sequences": .object(sequences),
            "position": position, "rows": .integer(rowCount), "batches": .integer(batchCount),
            "requests": .array(listed),
        ]
        var rest = Array(head.compact.utf8) + [UInt8(ascii: "\n")]
        for request in requests { rest += request.body }
        let digits = String(crc32c(rest), radix: 16)
        let sum = String(repeating: "0", count: 8 - digits.count) + digits
        return Array("\(Self.mark)\(sum)\n".utf8) + rest
    }

    /// Throws `JSONError` if the bytes are not those of a state.
    init(decoding bytes: [UInt8]) throws(JSONError) {
        func damaged(_ reason: String) -> JSONError {
            .malformed(line: 1, column: 1, reason: reason)
        }
        let lineEnd = UInt8(ascii: "\n")
        guard bytes.starts(with: Self.mark.utf8), let first = bytes.firstIndex(of: lineEnd),
            let second = bytes[(first + 1)...].firstIndex(of: lineEnd)
        else { throw damaged("it was not written by wavetank ingest") }
        let sum = String(decoding: bytes[Self.mark.utf8.count..<first], as: UTF8.self)
        guard UInt32(sum, radix: 16) == crc32c(bytes[(first + 1)...]) else {
            throw damaged("its checksum is another one")
        }
        let head = try JSONValue(parsing: Array(bytes[(first + 1)..<second]))
        source = try head.required("source").string()
        target = try head.required("target").string()
        writer = try head.optional("writer")?.string()
        for (name, field) in try head.required("sequences").members() {
            sequences[name] = try field.integer(as: Int32.self)
        }
        position = try head.required("position").value
        rowCount = try head.required("rows").integer()
        batchCount = try head.required("batches").integer()
        var start = second + 1
        for request in try head.required("requests").array() {
            let size = try request.required("bytes").integer(as: Int.self)
            guard size >= 0, size <= bytes.count - start else { throw damaged("it is cut off") }
            requests.append(
                Request(
                    path: try request.required("path").string(),
                    isPartial: try request.required("partial").bool(),
                    table: try request.required("table").string(),
                    sequence: try request.required("sequence").integer(as: Int32.self),
                    rowCount: try request.required("rows").integer(as: Int.self),
                    body: Array(bytes[start..<start + size])))
            start += size
        }
    }

    init(source: String, target: String) {
        self.source = source
        self.target = target
    }
}
