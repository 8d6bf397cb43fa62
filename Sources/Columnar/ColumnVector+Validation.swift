extension ColumnVector {
    /// Throws unless every read of every row is in bounds and yields a value of the type.
    func validate() throws(ColumnarError) {
        guard count >= 0, count <= Int(Int32.max) else {
            throw .corrupt(reason: "a column of \(count) values", position: 0)
        }
        switch type {
        case .boolean: try requireData((count + 7) / 8)
        case .string, .bytes: try validateOffsets()
        case .decimal(let precision, _):
            try requireData(count * 16)
            try validateDecimals(below: powerOfTen(precision))
        case .vector(let dimension):
            let (size, overflow) = count.multipliedReportingOverflow(by: dimension * 4)
            guard !overflow else { throw .corrupt(reason: "the vectors overflow", position: 0) }
            try requireData(size)
        default: try requireData(count * (type.fixedByteCount ?? 0))
        }
    }

    private func requireData(_ byteCount: Int) throws(ColumnarError) {
        guard data.count >= byteCount else {
            throw .corrupt(
                reason: "\(count) values of \(type) in \(data.count) bytes", position: 0)
        }
    }

    private func validateOffsets() throws(ColumnarError) {
        guard offsets.count == count + 1, offsets[0] >= 0 else {
            throw .corrupt(reason: "\(offsets.count) offsets for \(count) values", position: 0)
        }
        let limit = Int32(clamping: data.count)
        let isAscending = offsets.withUnsafeBufferPointer { offsets in
            for position in 0..<count where offsets[position] > offsets[position + 1] {
                return false
            }
            return offsets[count] <= limit
        }
        guard isAscending else {
            throw .corrupt(reason: "the offsets do not ascend within the data", position: 0)
        }
        guard type == .string else { return }
        let invalid = data.withUnsafeBufferPointer { data in
            firstInvalidText(data, offsets)
        }
        if let invalid { throw .corrupt(reason: "the text is not UTF-8", position: invalid) }
    }

    private func firstInvalidText(
        _ data: UnsafeBufferPointer<UInt8>, _ offsets: [Int32]
    ) -> Int? {
        let whole = Int(offsets[0])..<Int(offsets[count])
        var isASCII = true
        for position in whole where data[position] >= 0x80 {
            isASCII = false
            break
        }
        if isASCII { return nil }
        for position in 0..<count {
            let range = Int(offsets[position])..<Int(offsets[position + 1])
            let text = UnsafeBufferPointer(rebasing: data[range])
            if String(validating: text, as: UTF8.self) == nil && !isNull(at: position) {
                return range.lowerBound
            }
        }
        return nil
    }

    private func validateDecimals(below limit: UInt64) throws(ColumnarError) {
        let fits = data.withUnsafeBytes { data in
            for position in 0..<count where !isNull(at: position) {
                let low = data.loadUnaligned(fromByteOffset: position * 16, as: Int64.self)
                let high = data.loadUnaligned(fromByteOffset: position * 16 + 8, as: Int64.self)
                if high != low >> 63 || low.magnitude >= limit { return false }
            }
            return true
        }
        guard fits else {
            throw .corrupt(reason: "a number of too many digits for \(type)", position: 0)
        }
    }
}
