public import Columnar

/// What the tables must hold, by what the writers were told.
///
/// Of a key's changes the last acknowledged one stands, or one of unknown outcome. An appended row
/// is there as often as it was acknowledged, and at most as often again as its outcome was unknown;
/// a row that was only refused is not there.
///
/// **Why an unknown change stays possible.** The writer sends a key's changes in order, but giving
/// one up does not take it back: the request may still wait in a network or in a stalled server,
/// and what follows goes out under another writer id, which does not fence the old one, over a
/// connection of its own. So the log may rightly say: new change acknowledged at offset 7, given-up
/// change committed at offset 8. A later acknowledgement proves nothing about the earlier unknown
/// change, and forbidding its row would accuse an honest engine. What can be asked is that it takes
/// effect at most once: whoever shows the model the committed changes (`committed`) has each one
/// counted against what was sent, and the row that stands must be what the last of them says. A
/// change that had its turn before the acknowledged one can then not come back.
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
        /// By row: how often it was committed, less how often that was asked for, unless as often.
        var surplus: [UInt64?: Int] = [:]
        var lastCommitted = Committed.nothing

        /// What was asked for and committed is settled, and need not be remembered.
        mutating func count(_ hash: UInt64?, _ change: Int) {
            let sum = (surplus[hash] ?? 0) + change
            surplus[hash] = sum == 0 ? nil : sum
            if surplus.isEmpty { surplus = [:] }
        }
    }

    private enum Committed: Hashable {
        /// No change of the key was shown.
        case nothing
        case row(UInt64?)
    }

    private struct Appended {
        /// The name of its partition.
        var partition = ""
        var acknowledged = 0
        var unknown = 0
        var refused = 0
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
    private var dropped: DroppedPartitions

    public init(_ table: TableDefinition) {
        self.table = table
        dropped = DroppedPartitions(table)
        keyCodec = KeyCodec(primaryKeyOf: table.schema)
    }

    /// A partition is dropped: nothing of it is compared from now on.
    public func exempt(partition name: String) {
        dropped.insert(name)
        for key in keys.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            if let values = try? keyCodec.decode(key), dropped.contains(key: values) {
                keys[key] = nil
            }
        }
        appended = appended.filter { $0.value.partition != name }
    }

    public func isExempt(partition name: String) -> Bool { dropped.contains(name) }

    /// Numbers a change when it is sent; changes of one key are sent in this order.
    public func sent() -> Int {
        changeCount += 1
        return changeCount
    }

    /// Takes in what the writer of a change was told; rows are of `schema`, or of the first one.
    public func learned(
        _ kind: Change.Kind, under schema: Schema? = nil, number: Int, _ outcome: Outcome,
        hash: (Row) -> UInt64
    ) throws {
        let schema = schema ?? table.schema
        switch outcome {
        case .acknowledged: acknowledgedCount += 1
        case .refused: refusedCount += 1
        case .unknown: unknownCount += 1
        }
        if dropped.contains(kind, under: schema) { return }
        switch kind {
        case .append(let row):
            // Two rows may be the same, as two lines of a web log of one second are.
            var state =
                appended[hash(row)] ?? Appended(partition: dropped.name(of: row, schema))
            switch outcome {
            case .acknowledged: state.acknowledged += 1
            case .refused: state.refused += 1
            case .unknown: state.unknown += 1
            }
            appended[hash(row)] = state
        case .update, .deletePart, .insertIfAbsent:
            preconditionFailure("\(table.name) has partial updates: see MergeModel")
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
        state.count(hash, -1)
        keys[encoded] = state
    }

    /// Takes in a committed change of a primary-key table, in the order of its log.
    ///
    /// Only new rows and deletes count, not the old rows that go with an update.
    public func committed(
        _ row: Row, isDelete: Bool, hash: (Row) -> UInt64
    ) throws {
        if dropped.contains(row: row, of: table.schema) { return }
        let encoded = try keyCodec.encode(table.schema.key(of: row))
        var state = keys[encoded] ?? KeyState()
        let result = isDelete ? nil : hash(row)
        state.count(result, 1)
        state.lastCommitted = .row(result)
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
            // In any order: it is only asked whether there is one.
            if state.surplus.values.contains(where: { $0 > 0 }) {
                violated(
                    "\(table.name): a change of key \(describe(key)) was committed more often "
                        + "than it was sent")
            }
            if case .row(let last) = state.lastCommitted, last != found {
                violated(
                    "\(table.name): the row of key \(describe(key)) is not what the last "
                        + "committed change says")
            }
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
        // In any order: they are only counted.
        for state in appended.values {
            let surplus = state.seen - state.acknowledged - state.unknown
            missing += max(0, state.acknowledged - state.seen)
            refused += min(max(0, surplus), state.refused)
            repeated += max(0, surplus - state.refused)
        }
        if missing > 0 { violated("\(table.name): \(missing) acknowledged rows are missing") }
        if repeated > 0 {
            violated("\(table.name): \(repeated) rows are there more often than asked for")
        }
        if refused > 0 { violated("\(table.name): \(refused) refused rows are there") }
        return appended.count
    }

    private func describe(_ key: [UInt8]) -> String {
        guard let values = try? keyCodec.decode(key) else { return "\(key)" }
        return values.map(\.plainText).joined(separator: ", ")
    }
}
