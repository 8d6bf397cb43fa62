/// Which rows a search is about, by the attributes that the index keeps of each.
///
/// An attribute is bytes that order as the values do; none is null. All terms must hold.
public struct VectorFilter {
    /// An end of a range of attributes.
    public struct Bound: Hashable, Sendable {
        public var value: [UInt8]
        public var isIncluded: Bool

        public init(_ value: [UInt8], isIncluded: Bool) {
            self.value = value
            self.isIncluded = isIncluded
        }
    }

    public enum Term {
        /// The attribute of that number is not null and lies between these; nil is no end.
        case within(Int, lower: Bound?, upper: Bound?)
        /// The attribute of that number is as `passes` says.
        case passing(Int, passes: ([UInt8]) -> Bool)
        /// The attributes of a row are, together, as `passes` says.
        case together(passes: ([[UInt8]]) -> Bool)
    }

    public var terms: [Term]

    public init(_ terms: [Term]) { self.terms = terms }
}

extension VectorFilter.Term {
    /// Whether a value within this term's bounds lies there; precondition: it is a `within`.
    static func isWithin(
        _ value: [UInt8], _ lower: VectorFilter.Bound?, _ upper: VectorFilter.Bound?
    ) -> Bool {
        if value.isEmpty { return false }
        if let lower {
            if value.lexicographicallyPrecedes(lower.value) { return false }
            if !lower.isIncluded && value == lower.value { return false }
        }
        if let upper {
            if upper.value.lexicographicallyPrecedes(value) { return false }
            if !upper.isIncluded && value == upper.value { return false }
        }
        return true
    }
}
