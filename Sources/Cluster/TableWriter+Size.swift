import Columnar

extension TableWriter.Change {
    /// About what the change takes when it is encoded, in bytes: never much less than that.
    var approximateByteCount: Int {
        let values: [Value]
        switch self {
        case .append(let row), .upsert(let row), .update(let row, _): values = row
        case .delete(let key), .deletePart(let key, _): values = key
        }
        return values.reduce(16) { $0 + $1.approximateByteCount }
    }
}

extension Value {
    fileprivate var approximateByteCount: Int {
        switch self {
        case .string(let text): 8 + text.utf8.count
        case .bytes(let bytes): 8 + bytes.count
        case .vector(let elements): 8 + 4 * elements.count
        case .array(let elements), .row(let elements):
            elements.reduce(8) { $0 + $1.approximateByteCount }
        case .map(let entries):
            entries.reduce(8) { $0 + $1.key.approximateByteCount + $1.value.approximateByteCount }
        default: 16
        }
    }
}
