import Columnar
import Platform
import Simulation

@testable import KeyValue

let accounts = Schema(
    identifier: 1,
    fields: [
        Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        Field(identifier: 2, name: "name", type: .string),
        Field(identifier: 3, name: "amount", type: .bigint),
    ],
    primaryKey: [0])

func key(_ number: Int) throws -> [UInt8] {
    try KeyCodec(primaryKeyOf: accounts).encode([.bigint(Int64(number))])
}

func account(_ number: Int, _ name: String?, _ amount: Int64?) -> Row {
    [
        .bigint(Int64(number)), name.map { .string($0) } ?? .null,
        amount.map { .bigint($0) } ?? .null,
    ]
}

func upsert(_ number: Int, _ name: String?, _ amount: Int64?) throws -> RowOperation {
    .upsert(row: try RowCodec(schema: accounts).encode(account(number, name, amount)))
}

func delete(_ number: Int) throws -> RowOperation { .delete(key: try key(number)) }

/// Small files, so that a few hundred rows reach every level.
var smallStore: KeyValueConfiguration {
    var configuration = KeyValueConfiguration()
    configuration.memoryByteCount = 2000
    configuration.tableByteCount = 1500
    configuration.flushedTableCount = 2
    configuration.levelByteCount = 4000
    configuration.cacheByteCount = 6000
    return configuration
}

extension KeyValueStore {
    /// All rows, a page at a time.
    func allRows(page: Int = 50) async throws -> [[UInt8]: [UInt8]] {
        var rows: [[UInt8]: [UInt8]] = [:]
        var start: [UInt8]?
        while true {
            let found = try await scan(from: start, limit: page)
            for row in found { rows[row.key] = row.value }
            guard found.count == page, let last = found.last else { return rows }
            start = last.key + [0]
        }
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
