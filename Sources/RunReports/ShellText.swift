extension StringProtocol {
    /// The text as one word of a POSIX shell, in quotes where it needs them.
    public var shellQuoted: String {
        let isPlain = unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "/._-+=:,@%".unicodeScalars.contains(scalar))
        }
        if isPlain && !isEmpty && !hasPrefix("~") { return String(self) }
        return "'" + String(self).replacing("'", with: "'\\''") + "'"
    }
}
