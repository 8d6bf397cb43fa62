public import Columnar

/// What the tables must hold, by what the writers were told.
///
/// Of a key's changes the last acknowledged one stands; a change of unknown outcome may have taken
/// effect at any time after it was sent, so its row may stand as well. An appended row that was
/// acknowledged is there once, one of unknown outcome once or not at all, a refused one never.
public final class ReferenceModel {
    public enum Outcome: Sendable, Hashable {
        case acknowledged, refused, unknown
    }

    private struct KeyState {
        /// The hash of the acknowledged row, nil if it is absent.
        var settled: UInt64?
        /// The number of the change that settled it: answers may come in any order.
        var settledBy: Int = -1
        /// Rows that may stand instead; nil stands for absence.
        var possible: [UInt64?] = []
    }

    private struct Appended {
        var outcome: Outcome
        var seen = 0
    }

    public let table: TableDefinition
    public private(set) var acknowledgedCount = 0
    public private(set) var refusedCount = 0
    public private(set) var unknownCount = 0
    private let keyCodec: KeyCodec
    private var keys: [[UInt8]: KeyState] = [:]
    private var appended: [UInt64: Appended] = [:]
    private var changeCount = 0

    public init(_ table: TableDefinition) {
        self.table = table
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
    }

    /// Numbers a change when it is sent; changes of one key are sent in this order.
    public func sent() -> Int {
        changeCount += 1
        return changeCount
    }

    /// Takes in what the writer of a change was told.
    public func learned(
        _ kind: Change.Kind, number: Int, _ outcome: Outcome, hash: (Row) -> UInt64
    ) throws {
        switch outcome {
        case .acknowledged: acknowledgedCount += 1
        case .refused: refusedCount += 1
        case .unknown: unknownCount += 1
        }
        switch kind {
        case .append(let row): appended[hash(row)] = Appended(outcome: outcome)
        case .upsert(let row):
            try change(table.schema.key(of: row), to: hash(row), number, outcome)
        case .delete(let key): try change(key, to: nil, number, outcome)
        }
    }

    private func change(
        _ key: [Value], to hash: UInt64?, _ number: Int, _ outcome: Outcome
    ) throws {
        let encoded = try keyCodec.encode(key)
        var state = keys[encoded] ?? KeyState()
        switch outcome {
        case .acknowledged:
            if number > state.settledBy {
                state.settled = hash
                state.settledBy = number
            }
        case .unknown: state.possible.append(hash)
        case .refused: return
        }
        keys[encoded] = state
    }

    /// Compares the rows of a primary-key table, by encoded key; `violated` hears what is wrong.
    ///
    /// Returns how many keys it compared.
    public func check(
        rows: [[UInt8]: Row], hash: (Row) -> UInt64, violated: (String) -> Void
    ) -> Int {
        for key in keys.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let state = keys[key]!
            let found = rows[key].map(hash)
            if found == state.settled || state.possible.contains(found) { continue }
            violated(
                "\(table.name): the row of key \(describe(key)) is "
                    + (found == nil
                        ? "missing"
                        : state.settled == nil
                            ? "there though deleted" : "not the acknowledged one"))
        }
        for key in rows.keys.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where keys[key] == nil {
            violated("\(table.name): the row of key \(describe(key)) was never written")
        }
        return keys.count
    }

    /// Counts a row of a log table; call it for each row, then `checkAppended`.
    public func saw(_ hash: UInt64, violated: (String) -> Void) {
        guard appended[hash] != nil else {
            violated("\(table.name): a row that nobody appended")
            return
        }
        appended[hash]!.seen += 1
    }

    /// Compares what was seen with what writers were told, and returns how many rows it compared.
    public func checkAppended(violated: (String) -> Void) -> Int {
        var missing = 0
        var repeated = 0
        var refused = 0
        for state in appended.values {
            switch state.outcome {
            case .acknowledged: if state.seen == 0 { missing += 1 }
            case .refused: if state.seen > 0 { refused += 1 }
            case .unknown: break
            }
            if state.seen > 1 { repeated += 1 }
        }
        if missing > 0 { violated("\(table.name): \(missing) acknowledged rows are missing") }
        if repeated > 0 { violated("\(table.name): \(repeated) rows are there more than once") }
        if refused > 0 { violated("\(table.name): \(refused) refused rows are there") }
        return appended.count
    }

    private func describe(_ key: [UInt8]) -> String {
        guard let values = try? keyCodec.decode(key) else { return "\(key)" }
        return "\(values)"
    }
}
