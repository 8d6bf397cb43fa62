/// How one value stands to another.
public enum Ordering: Hashable, Sendable {
    case ascending, same, descending
}

extension Value {
    /// The total order of one type's values: null first, NaN last, -0.0 before 0.0, strings by
    /// their UTF-8 bytes, bytes unsigned, what nests element by element, a prefix first; the order
    /// of `KeyCodec`'s bytes.
    ///
    /// Precondition: both are of one type, nulls aside.
    public static func compare(_ left: Value, _ right: Value) -> Ordering {
        switch (left, right) {
        case (.null, .null): .same
        case (.null, _): .ascending
        case (_, .null): .descending
        case (.int(let left), .int(let right)): ordering(left, right)
        case (.bigint(let left), .bigint(let right)): ordering(left, right)
        case (.string(let left), .string(let right)): compareBytes(left.utf8, right.utf8)
        case (.boolean(let left), .boolean(let right)): ordering(left ? 1 : 0, right ? 1 : 0)
        case (.tinyint(let left), .tinyint(let right)): ordering(left, right)
        case (.smallint(let left), .smallint(let right)): ordering(left, right)
        case (.float(let left), .float(let right)):
            ordering(left.orderedBits, right.orderedBits)
        case (.double(let left), .double(let right)):
            ordering(left.orderedBits, right.orderedBits)
        case (.bytes(let left), .bytes(let right)): compareBytes(left, right)
        case (.date(let left), .date(let right)): ordering(left, right)
        case (.time(let left), .time(let right)): ordering(left, right)
        case (.timestamp(let left), .timestamp(let right)): ordering(left, right)
        case (.decimal(let left), .decimal(let right)): ordering(left, right)
        case (.uuid(let left), .uuid(let right)): ordering(left, right)
        case (.vector(let left), .vector(let right)):
            compareElements(left.map(\.orderedBits), right.map(\.orderedBits))
        case (.array(let left), .array(let right)), (.row(let left), .row(let right)):
            compare(left, right)
        case (.map(let left), .map(let right)): compareEntries(left, right)
        default: preconditionFailure("values of two types have no order")
        }
    }

    /// Rows or keys column by column; a prefix comes first.
    public static func compare(_ left: [Value], _ right: [Value]) -> Ordering {
        for (left, right) in zip(left, right) {
            let ordering = compare(left, right)
            if ordering != .same { return ordering }
        }
        return ordering(left.count, right.count)
    }

    private static func compareEntries(_ left: [MapEntry], _ right: [MapEntry]) -> Ordering {
        for (left, right) in zip(left, right) {
            let ordering = compare([left.key, left.value], [right.key, right.value])
            if ordering != .same { return ordering }
        }
        return ordering(left.count, right.count)
    }

    private static func ordering<Number: Comparable>(_ left: Number, _ right: Number) -> Ordering {
        left < right ? .ascending : (left == right ? .same : .descending)
    }

    private static func compareBytes<Bytes: Collection<UInt8>>(
        _ left: Bytes, _ right: Bytes
    ) -> Ordering {
        for (left, right) in zip(left, right) where left != right {
            return left < right ? .ascending : .descending
        }
        return ordering(left.count, right.count)
    }

    private static func compareElements(_ left: [UInt32], _ right: [UInt32]) -> Ordering {
        if left == right { return .same }
        return left.lexicographicallyPrecedes(right) ? .ascending : .descending
    }
}

extension Float {
    /// Bits that order as the numbers do when compared unsigned; every NaN is one and the last.
    var orderedBits: UInt32 {
        let bits = isNaN ? Float.nan.bitPattern : bitPattern
        return bits >> 31 == 0 ? bits ^ (1 << 31) : ~bits
    }

    init(orderedBits: UInt32) {
        self.init(
            bitPattern: orderedBits >> 31 == 1 ? orderedBits ^ (1 << 31) : ~orderedBits)
    }
}

extension Double {
    /// Bits that order as the numbers do when compared unsigned; every NaN is one and the last.
    var orderedBits: UInt64 {
        let bits = isNaN ? Double.nan.bitPattern : bitPattern
        return bits >> 63 == 0 ? bits ^ (1 << 63) : ~bits
    }

    init(orderedBits: UInt64) {
        self.init(
            bitPattern: orderedBits >> 63 == 1 ? orderedBits ^ (1 << 63) : ~orderedBits)
    }
}
