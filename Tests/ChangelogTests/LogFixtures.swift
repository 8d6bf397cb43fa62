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

/// Flips, cuts, extends or overwrites some bytes.
func mutate(_ bytes: [UInt8], _ random: RandomStream) -> [UInt8] {
    var mutated = bytes
    for _ in 0..<random.next(in: 1..<4) {
        switch random.next(in: 0..<5) {
        case 0 where !mutated.isEmpty:
            mutated[random.next(in: 0..<mutated.count)] ^= 1 << UInt8(random.next(in: 0..<8))
        case 1 where !mutated.isEmpty: mutated.removeLast(random.next(in: 0..<mutated.count) + 1)
        case 2: mutated += (0..<random.next(in: 1..<20)).map { _ in UInt8(random.next() & 255) }
        case 3 where mutated.count > 8:
            let position = random.next(in: 0..<mutated.count - 4)
            for step in 0..<4 { mutated[position + step] = random.chance(1, in: 2) ? 0xFF : 0x7F }
        case 4 where mutated.count > 2: mutated.removeFirst(random.next(in: 1..<mutated.count))
        default: break
        }
    }
    return mutated
}
