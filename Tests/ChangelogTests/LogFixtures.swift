import Columnar
import Platform
import Simulation

@testable import Changelog

let eventSchema = Schema(
    identifier: 3,
    fields: [
        Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "text", type: .string),
    ])

func rows(_ count: Int, from first: Int64 = 0, width: Int = 8) throws -> RecordBatch {
    try RecordBatch(
        schema: eventSchema,
        rows: (0..<count).map {
            let text = String(
                repeating: Character(UnicodeScalar(97 + UInt8($0 % 26))), count: width)
            return [.bigint(first + Int64($0)), $0 % 5 == 4 ? .null : .string(text)]
        })
}

func batch(
    _ count: Int = 1, from first: Int64 = 0, width: Int = 8, writer: Int64 = -1,
    sequence: Int32 = -1
) throws -> LogBatch {
    try .appendOnly(rows(count, from: first, width: width), writer: writer, sequence: sequence)
}

func time(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

/// Small segments and a small tail, so that a few batches reach every corner.
var smallConfiguration: ChangeLogConfiguration {
    var configuration = ChangeLogConfiguration()
    configuration.segmentByteCount = 2000
    configuration.indexInterval = 300
    configuration.tailByteCount = 700
    return configuration
}

extension ChangeLog {
    /// Everything from the start to the end.
    func allBatches() async throws -> [LogBatch] {
        var batches: [LogBatch] = []
        var offset = startOffset
        while offset < endOffset {
            let more = try await readBatches(from: offset, maximumByteCount: 1000)
            guard let last = more.last else { break }
            batches += more
            offset = last.endOffset
        }
        return batches
    }
}
