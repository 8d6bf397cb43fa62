import Columnar

/// A change as a line of a capture says it; an update may leave values out.
struct CapturedChange: Hashable {
    enum Kind: Hashable {
        case append(Row)
        case insert(Row)
        /// `oldKey` where the line says it; nil in the row for what it leaves out.
        case update(oldKey: [Value]?, [Value?])
        case delete(key: [Value])
        /// A change that cannot be taken, among others that can.
        case refused(Refusal)
    }

    var table: Int
    var kind: Kind

    init(table: Int, _ kind: Kind) {
        self.table = table
        self.kind = kind
    }

    init(refused refusal: Refusal) { self.init(table: 0, .refused(refusal)) }
}
