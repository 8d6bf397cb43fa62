extension Value {
    /// A decimal's digits with `scale` of them after the point, such as "-12.50".
    public static func decimalText(_ unscaled: Int128, scale: Int) -> String {
        var digits = String(unscaled.magnitude)
        digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        let sign = unscaled < 0 ? "-" : ""
        return scale == 0
            ? sign + digits : "\(sign)\(digits.dropLast(scale)).\(digits.suffix(scale))"
    }
}
