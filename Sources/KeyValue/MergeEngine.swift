public import Columnar

/// How the rows that are written under one key become one row.
public enum MergeEngine: Hashable, Sendable {
    /// The last row, or of a partial update its columns, wins.
    case lastRow
    /// The first row stays; later ones and deletions change nothing.
    case firstRow
    /// The row with the largest value in this column wins, of equal ones the last; a row without a
    /// value there changes nothing. The column is an int32, int64 or timestamp.
    case versioned(column: Int)
    /// Each column by its own function, by position in the schema; `lastValueIgnoringNulls` where
    /// there is none.
    case aggregate([Int: AggregateFunction])

    /// What Fluss does with a deletion where the table does not say.
    public var defaultDeleteBehavior: DeleteBehavior {
        if case .lastRow = self { .allow } else { .ignore }
    }
}

/// What a deletion does.
public enum DeleteBehavior: Hashable, Sendable {
    case allow
    /// It is taken and changes nothing.
    case ignore
    /// The request is refused.
    case disable
}

/// How the values of one column are put together; nulls are passed over unless the name says else.
public enum AggregateFunction: Hashable, Sendable {
    case sum
    case product
    case maximum
    case minimum
    /// The new value, also null.
    case lastValue
    case lastValueIgnoringNulls
    /// The old value, also null.
    case firstValue
    case firstValueIgnoringNulls
    /// Texts joined in the order in which they came.
    case list(delimiter: String)
    case and
    case or
    /// The union of sets of 32-bit numbers, each an encoded `RoaringBitmap`.
    case bitmapUnion

    /// Whether the function can be used on a column of this type.
    public func accepts(_ type: DataType) -> Bool {
        switch self {
        case .sum, .product:
            switch type {
            case .tinyint, .smallint, .int, .bigint, .float, .double, .decimal: true
            default: false
            }
        case .maximum, .minimum:
            switch type {
            case .boolean, .binary, .bytes, .vector, .array, .map, .row: false
            default: true
            }
        case .lastValue, .lastValueIgnoringNulls, .firstValue, .firstValueIgnoringNulls: true
        case .list: type.storage == .text
        case .and, .or: type == .boolean
        case .bitmapUnion: type == .bytes
        }
    }

    /// Throws `KeyValueError.invalidRequest` for a value that later ones could not be merged with.
    func check(_ value: Value) throws(KeyValueError) {
        if self == .bitmapUnion, case .bytes(let bytes) = value { _ = try bitmap(bytes) }
    }

    private func bitmap(_ bytes: [UInt8]) throws(KeyValueError) -> RoaringBitmap {
        do throws(ColumnarError) { return try RoaringBitmap(decoding: bytes) } catch {
            throw .invalidRequest(
                reason: "a value of an rbm32 column is no Roaring bitmap in portable form: "
                    + "\(error)")
        }
    }

    /// The aggregate with one more value; `KeyValueError.invalidRequest` if it does not fit the
    /// column.
    func merge(
        _ old: Value, _ new: Value, _ type: DataType
    ) throws(KeyValueError) -> Value {
        switch self {
        case .lastValue: return new
        case .firstValue: return old
        default: break
        }
        if case .null = new { return old }
        if case .null = old {
            try check(new)
            return new
        }
        switch self {
        case .lastValue, .lastValueIgnoringNulls: return new
        case .firstValue, .firstValueIgnoringNulls: return old
        case .maximum: return Value.compare(old, new) == .ascending ? new : old
        case .minimum: return Value.compare(old, new) == .descending ? new : old
        case .sum, .product: return try calculate(old, new, type)
        case .list(let delimiter):
            guard case .string(let left) = old, case .string(let right) = new else { break }
            let joined = Value.string(left + delimiter + right)
            guard joined.matches(type) else { throw overflow(type) }
            return joined
        case .and, .or:
            guard case .boolean(let left) = old, case .boolean(let right) = new else { break }
            return .boolean(self == .and ? left && right : left || right)
        case .bitmapUnion:
            guard case .bytes(let left) = old, case .bytes(let right) = new else { break }
            var union = try bitmap(left)
            union.formUnion(try bitmap(right))
            return .bytes(union.encoded)
        }
        preconditionFailure("\(self) of \(old) and \(new) was let through")
    }

    private func calculate(
        _ old: Value, _ new: Value, _ type: DataType
    ) throws(KeyValueError) -> Value {
        let isSum = self == .sum
        switch (old, new, type) {
        case (.tinyint(let left), .tinyint(let right), _):
            return .tinyint(try combine(left, right))
        case (.smallint(let left), .smallint(let right), _):
            return .smallint(try combine(left, right))
        case (.int(let left), .int(let right), _): return .int(try combine(left, right))
        case (.bigint(let left), .bigint(let right), _): return .bigint(try combine(left, right))
        case (.float(let left), .float(let right), _):
            return .float(isSum ? left + right : left * right)
        case (.double(let left), .double(let right), _):
            return .double(isSum ? left + right : left * right)
        case (.decimal(let left), .decimal(let right), .decimal(let precision, let scale)):
            let unscaled =
                isSum ? try combine(left, right) : try multiply(left, right, scale: scale)
            guard unscaled.magnitude < powerOfTen(precision) else { throw overflow(type) }
            return .decimal(unscaled)
        default: preconditionFailure("\(self) of \(old) and \(new) was let through")
        }
    }

    private func combine<Number: FixedWidthInteger>(
        _ left: Number, _ right: Number
    ) throws(KeyValueError) -> Number {
        let (result, isOver) =
            self == .sum
            ? left.addingReportingOverflow(right) : left.multipliedReportingOverflow(by: right)
        if isOver { throw overflow(Number.self) }
        return result
    }

    /// The product of two unscaled decimals at their own scale, rounded half away from zero.
    private func multiply(
        _ left: Int128, _ right: Int128, scale: Int
    ) throws(KeyValueError) -> Int128 {
        let divisor = powerOfTen(scale)
        let product = left.magnitude.multipliedFullWidth(by: right.magnitude)
        guard product.high < divisor else { throw overflow(Int128.self) }
        let (quotient, rest) = divisor.dividingFullWidth(product)
        let rounded = rest >= divisor - rest && divisor > 1 ? quotient &+ 1 : quotient
        guard rounded >= quotient, let magnitude = Int128(exactly: rounded) else {
            throw overflow(Int128.self)
        }
        return (left < 0) == (right < 0) ? magnitude : -magnitude
    }

    private func overflow(_ type: Any) -> KeyValueError {
        .invalidRequest(reason: "the \(self) of a row's column does not fit \(type)")
    }
}
