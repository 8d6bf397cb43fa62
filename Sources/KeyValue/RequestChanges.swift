import Changelog
import Columnar

/// What one request has changed so far: the changelog rows, and each key's newest row.
struct RequestChanges {
    var builder: LogBatchBuilder
    private(set) var changes: [KeyValueStore.Change] = []
    private var positions: [[UInt8]: Int] = [:]
    private(set) var rowCountChange: Int64 = 0
    private let logsOldRows: Bool

    init(schema: Schema, logsOldRows: Bool, writesRows: Bool, capacity: Int) {
        self.logsOldRows = logsOldRows
        builder = LogBatchBuilder(
            schema: schema, isAppendOnly: false, writesRows: writesRows, capacity: capacity)
        changes.reserveCapacity(capacity)
    }

    func newest(_ key: [UInt8]) -> KeyEntry? {
        positions[key].map { KeyEntry(key: key, value: changes[$0].value) }
    }

    mutating func insert(_ key: [UInt8], _ row: Row, _ bytes: [UInt8]) throws {
        try record(row, .insert)
        rowCountChange += 1
        note(key, bytes)
    }

    mutating func update(_ key: [UInt8], from old: Row, to new: Row, _ bytes: [UInt8]) throws {
        if logsOldRows { try record(old, .updateBefore) }
        try record(new, .updateAfter)
        note(key, bytes)
    }

    mutating func delete(_ key: [UInt8], _ old: Row) throws {
        try record(old, .delete)
        rowCountChange -= 1
        note(key, nil)
    }

    private mutating func record(_ row: Row, _ change: ChangeType) throws {
        do { try builder.append(row, change) } catch {
            throw KeyValueError.invalidRequest(reason: "a row of the request: \(error)")
        }
    }

    private mutating func note(_ key: [UInt8], _ value: [UInt8]?) {
        if let position = positions[key] {
            changes[position].value = value
        } else {
            positions[key] = changes.count
            changes.append(KeyValueStore.Change(key: key, value: value))
        }
    }
}
