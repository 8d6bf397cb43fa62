import Columnar

extension CapturedColumn {
    /// A column that holds the values of both without loss, as where a schema changes within the
    /// capture; nil if there is none.
    func widened(by other: CapturedColumn) -> CapturedColumn? {
        var wide = self
        wide.isNullable = isNullable || other.isNullable
        if type == other.type { return wide }
        switch (type, other.type) {
        case (.int, .bigint), (.bigint, .int): wide.type = .bigint
        case (.float, .double), (.double, .float): wide.type = .double
        default:
            if let (precision, scale) = digits, let (others, otherScale) = other.digits {
                let places = max(scale, otherScale)
                let whole = max(precision - scale, others - otherScale)
                if whole + places <= DecimalText.precisionLimit {
                    wide.type = .decimal(precision: whole + places, scale: places)
                    return wide
                }
            }
            guard isWrittenOut, other.isWrittenOut else { return nil }
            wide.type = .string
        }
        return wide
    }

    /// How the values of this column are written, to be stored as those of `table`.
    func stored(as table: CapturedColumn) -> CapturedColumn {
        var column = self
        column.type = table.type
        return column
    }

    /// The digits of a whole or decimal number: in all, and after the point.
    private var digits: (precision: Int, scale: Int)? {
        switch type {
        case .int: (10, 0)
        case .bigint: (19, 0)
        case .decimal(let precision, let scale): (precision, scale)
        default: nil
        }
    }

    /// Whether the text of a value says all of it.
    private var isWrittenOut: Bool {
        switch encoding {
        case .text, .shown, .base64Decimal, .variableDecimal: break
        default: return false
        }
        return switch type {
        case .boolean, .int, .bigint, .float, .double, .string, .decimal, .uuid: true
        default: false
        }
    }
}
