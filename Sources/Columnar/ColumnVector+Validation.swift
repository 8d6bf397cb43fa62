extension ColumnVector {
    /// Throws unless every read of every row is in bounds and yields a value of the type.
    func validate() throws(ColumnarError) {
        guard count >= 0, count <= Int(Int32.max) else {
            throw .corrupt(reason: "a column of \(count) values", position: 0)
        }
        guard children.count == type.children.count else {
            throw .corrupt(reason: "\(type) of \(children.count) children", position: 0)
        }
        switch storage {
        case .bit: try requireData((count + 7) / 8)
        case .text, .variableBytes:
            try validateOffsets(limit: data.count)
            try validateText()
        case .list, .map:
            try validateOffsets(limit: children[0].count)
            try validateChildren(count: children[0].count)
        case .record: try validateChildren(count: count)
        default:
            let (size, overflow) = count.multipliedReportingOverflow(
                by: storage.fixedByteCount ?? 0)
            guard !overflow else { throw .corrupt(reason: "the values overflow", position: 0) }
            try requireData(size)
            try validateNumbers()
        }
    }

    /// The children themselves were found right when they were made.
    private func validateChildren(count: Int) throws(ColumnarError) {
        for (field, child) in zip(type.children, children) {
            guard child.type == field.type, child.count == count else {
                throw .corrupt(
                    reason: "\(child.count) values of \(child.type) as \(field.name) of \(type)",
                    position: 0)
            }
            guard !field.isNullable && child.nullCount > 0 else { continue }
            if storage != .record { throw nullChild(field) }
            for position in 0..<count
            where child.isNull(at: position) && !isNull(at: position) {
                throw nullChild(field)
            }
        }
    }

    private func nullChild(_ field: Field) -> ColumnarError {
        .corrupt(reason: "field \(field.name) of \(type) is null", position: 0)
    }

    private func requireData(_ byteCount: Int) throws(ColumnarError) {
        guard data.count >= byteCount else {
            throw .corrupt(
                reason: "\(count) values of \(type) in \(data.count) bytes", position: 0)
        }
    }

    private func validateOffsets(limit: Int) throws(ColumnarError) {
        guard offsets.count == count + 1, offsets[0] >= 0 else {
            throw .corrupt(reason: "\(offsets.count) offsets for \(count) values", position: 0)
        }
        let limit = Int32(clamping: limit)
        let isAscending = offsets.withUnsafeBufferPointer { offsets in
            for position in 0..<count where offsets[position] > offsets[position + 1] {
                return false
            }
            return offsets[count] <= limit
        }
        guard isAscending else {
            throw .corrupt(reason: "the offsets do not ascend within the data", position: 0)
        }
    }

    private func validateText() throws(ColumnarError) {
        guard storage == .text else { return }
        let invalid = data.withUnsafeBufferPointer { data in
            firstInvalidText(data, offsets)
        }
        if let invalid { throw .corrupt(reason: "the text is not UTF-8", position: invalid) }
        guard case .char(let length) = type else { return }
        for position in 0..<count where !isNull(at: position) {
            // No text of at most as many bytes has more scalars.
            if byteRange(at: position).count > length && !value(at: position).matches(type) {
                throw outOfRange(position)
            }
        }
    }

    private func outOfRange(_ position: Int) -> ColumnarError {
        .corrupt(reason: "a value of row \(position) is out of the range of \(type)", position: 0)
    }

    /// Eight bytes at a time: all text is looked at.
    private func isASCII(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: text))
        var position = 0
        var seen: UInt64 = 0
        while position + 8 <= bytes.count {
            seen |= bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            position += 8
        }
        while position < bytes.count {
            seen |= UInt64(bytes[position])
            position += 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }

    private func firstInvalidText(
        _ data: UnsafeBufferPointer<UInt8>, _ offsets: [Int32]
    ) -> Int? {
        if isASCII(data[Int(offsets[0])..<Int(offsets[count])]) { return nil }
        for position in 0..<count {
            let range = Int(offsets[position])..<Int(offsets[position + 1])
            let text = UnsafeBufferPointer(rebasing: data[range])
            if String(validating: text, as: UTF8.self) == nil && !isNull(at: position) {
                return range.lowerBound
            }
        }
        return nil
    }

    /// Of the types whose storage holds more than they do.
    private func validateNumbers() throws(ColumnarError) {
        switch type {
        case .decimal(let precision, _):
            let limit = powerOfTen(precision)
            let invalid = data.withUnsafeBytes { data in
                (0..<count).first {
                    !isNull(at: $0)
                        && data.loadUnaligned(fromByteOffset: $0 * 16, as: Int128.self).magnitude
                            >= limit
                }
            }
            if let invalid { throw outOfRange(invalid) }
        case .time, .timestamp(0...3), .timestampLTZ(0...3):
            for position in 0..<count
            where !isNull(at: position) && !value(at: position).matches(type) {
                throw outOfRange(position)
            }
        default: break
        }
    }
}
