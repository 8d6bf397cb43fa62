/// How much of a capture there is, or was played.
public struct CaptureExtent: Sendable, Hashable {
    /// Up to the last line of the last transaction.
    public var lineCount = 0
    public var changeCount = 0
    public var transactionCount = 0

    public init() {}
}

/// How much of what a capture holds a run has played.
public struct CaptureCoverage: Sendable, Hashable, CustomStringConvertible {
    public var file: String
    public var played: CaptureExtent
    /// All that could be played; refused lines are not in it.
    public var held: CaptureExtent
    /// The changes of the transaction that would have come next; nil at the end.
    public var nextChangeCount: Int?
    public var pace: CaptureWorkload.Pace

    public var isWhole: Bool { played.changeCount == held.changeCount }

    /// A sentence with what to do where it was not all.
    public var description: String {
        let start =
            "\(file): played \(played.changeCount) of \(held.changeCount) changes, "
            + "\(played.transactionCount) of \(held.transactionCount) transactions, "
            + "\(played.lineCount) of \(held.lineCount) lines"
        if isWhole { return start }
        switch pace {
        case .interval(let interval):
            let time = interval * (nextChangeCount ?? 0)
            if played.changeCount == 0, let nextChangeCount, nextChangeCount > 1 {
                return start + ": its first transaction has \(nextChangeCount) changes and takes "
                    + "\(time) at the given rate, longer than the run"
            }
            return start + ": a longer run or a higher rate plays more"
        case .speed(let perThousand):
            let speed = perThousand == 1000 ? "its own speed (1x)" : "\(Self.times(perThousand))x"
            return start + ": it is replayed at \(speed); a rate or a higher speed plays more"
        }
    }

    private static func times(_ perThousand: Int) -> String {
        let thousandths = perThousand % 1000
        if thousandths == 0 { return "\(perThousand / 1000)" }
        return "\(perThousand / 1000)." + String(1000 + thousandths).dropFirst()
    }
}
