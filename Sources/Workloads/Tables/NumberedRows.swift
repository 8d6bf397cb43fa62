import Columnar

/// What must be true of a column that the cluster numbers rows in: a row keeps its number as long
/// as it lives, and no other row has or ever had it.
public struct NumberedRows {
    /// A change of the log, as far as it matters here.
    public enum Change: Sendable, Hashable {
        case written, deleted
    }

    struct Flaw {
        var key: [UInt8]
        var text: String
    }

    /// Numbers that some row has or had.
    private var taken: Set<Int64> = []
    private var numbers: [[UInt8]: Int64] = [:]
    private(set) var flaws: [Flaw] = []
    /// Rows that were looked at.
    private(set) var count = 0

    /// Changes of one key come in the order of their log.
    mutating func learned(_ key: [UInt8], _ value: Value, _ change: Change) {
        if change == .deleted {
            numbers[key] = nil
            return
        }
        count += 1
        guard let number = value.integer else {
            flaws.append(Flaw(key: key, text: "has no number"))
            return
        }
        if let known = numbers[key] {
            if known == number { return }
            flaws.append(Flaw(key: key, text: "had the number \(known), and then \(number)"))
        } else if !taken.insert(number).inserted {
            flaws.append(Flaw(key: key, text: "has the number \(number) of another row"))
        }
        numbers[key] = number
        taken.insert(number)
    }
}
