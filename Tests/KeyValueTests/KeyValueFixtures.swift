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
