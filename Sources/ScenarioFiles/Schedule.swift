/// Which of several jobs that could run at one instant runs first.
public enum Schedule: String, Sendable, Hashable, CaseIterable {
    case inOrder, random, prioritized

    /// In a sentence, for lists and the schema.
    public var meaning: String {
        switch self {
        case .inOrder: "the one that became ready first"
        case .random: "any of them, drawn evenly"
        case .prioritized: "the one with the highest of priorities that the seed draws"
        }
    }
}
