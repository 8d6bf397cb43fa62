extension [UInt8] {
    /// A lower bound of at most so many bytes: a prefix, which is not greater; of text, whole
    /// characters.
    public func lowerBound(byteLimit: Int, isText: Bool) -> [UInt8] {
        if count <= byteLimit { return self }
        return Array(prefix(isText ? endOfScalars(byteLimit) : byteLimit))
    }

    /// An upper bound of at most so many bytes: a prefix whose last scalar or byte is the next
    /// greater one, as Iceberg's spec has it; nil if all that is left is the greatest there is.
    public func upperBound(byteLimit: Int, isText: Bool) -> [UInt8]? {
        if count <= byteLimit { return self }
        guard isText else {
            var bound = Array(prefix(byteLimit))
            while let last = bound.popLast() {
                if last < 0xFF { return bound + [last + 1] }
            }
            return nil
        }
        var scalars = Array<Unicode.Scalar>(
            String(decoding: prefix(endOfScalars(byteLimit)), as: UTF8.self).unicodeScalars)
        while let last = scalars.popLast() {
            // The surrogates are no scalars; after the last one comes none.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let greater = Unicode.Scalar(next) else { continue }
            var text = String.UnicodeScalarView(scalars)
            text.append(greater)
            return Array(String(text).utf8)
        }
        return nil
    }

    /// Where the last whole UTF-8 sequence within so many bytes ends.
    ///
    /// Precondition: there are more bytes than that.
    private func endOfScalars(_ byteLimit: Int) -> Int {
        var length = byteLimit
        while length > 0 && self[length] & 0xC0 == 0x80 { length -= 1 }
        return length
    }
}
