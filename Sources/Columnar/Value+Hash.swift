extension Value {
    /// A hash of a row's values that is the same in every process; equal values of one type hash
    /// alike, and so do the two zeros never.
    public static func contentHash(of row: Row) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for value in row { value.mix(into: &hash) }
        return hash
    }

    private func mix(into hash: inout UInt64) {
        func mix(_ word: UInt64) {
            hash = (hash ^ word) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 29
        }
        switch self {
        case .null: mix(1)
        case .boolean(let flag): mix(flag ? 3 : 2)
        case .int(let number): mix(UInt64(UInt32(bitPattern: number)) << 4 | 4)
        case .date(let number): mix(UInt64(UInt32(bitPattern: number)) << 4 | 5)
        case .float(let number): mix(UInt64(number.bitPattern) << 4 | 6)
        case .double(let number): mix(number.bitPattern)
        case .bigint(let number), .timestamp(let number), .time(let number):
            mix(UInt64(bitPattern: number))
        case .tinyint, .smallint: mix(UInt64(bitPattern: integer ?? 0) << 4 | 9)
        case .decimal(let number):
            mix(UInt64(truncatingIfNeeded: number))
            if Int64(exactly: number) == nil { mix(UInt64(truncatingIfNeeded: number >> 64)) }
        case .string(let text):
            for byte in text.utf8 { mix(UInt64(byte)) }
            mix(7)
        case .bytes(let bytes):
            for byte in bytes { mix(UInt64(byte)) }
            mix(8)
        case .uuid(let identifier):
            mix(identifier.high)
            mix(identifier.low)
        case .vector(let elements): for element in elements { mix(UInt64(element.bitPattern)) }
        case .array(let values), .row(let values):
            for value in values { value.mix(into: &hash) }
            mix(UInt64(values.count) << 4 | 10)
        case .map(let entries):
            for entry in entries {
                entry.key.mix(into: &hash)
                entry.value.mix(into: &hash)
            }
            mix(UInt64(entries.count) << 4 | 11)
        }
    }

    /// The bytes that the value itself says: of a number its width, of a text its length, of null
    /// none.
    public var payloadByteCount: Int {
        switch self {
        case .null: 0
        case .boolean, .tinyint: 1
        case .smallint: 2
        case .int, .date, .float: 4
        case .bigint, .timestamp, .time, .double: 8
        case .decimal(let number): Int64(exactly: number) == nil ? 16 : 8
        case .uuid: 16
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .vector(let elements): 4 * elements.count
        case .array(let values), .row(let values):
            values.reduce(0) { $0 + $1.payloadByteCount }
        case .map(let entries):
            entries.reduce(0) { $0 + $1.key.payloadByteCount + $1.value.payloadByteCount }
        }
    }
}
