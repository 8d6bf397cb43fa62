/// The keys of a service in the order of their UTF-8 bytes, kept sorted as they come and go.
struct KeyOrder {
    private var keys: [String] = []

    /// Precondition: the key is not there.
    mutating func insert(_ key: String) { keys.insert(key, at: place(of: key)) }

    /// Precondition: the key is there.
    mutating func remove(_ key: String) {
        let removed = keys.remove(at: place(of: key))
        precondition(removed == key, "a key that is not in order")
    }

    /// Up to `limit` keys that begin with `prefix`, and follow `start` if there is one.
    func keys(prefix: String, after start: String? = nil, limit: Int = .max) -> [String] {
        var first = place(of: prefix)
        if let start {
            let next = place(of: start)
            let isThere = next < keys.count && keys[next].utf8.elementsEqual(start.utf8)
            first = max(first, isThere ? next + 1 : next)
        }
        return Array(keys[first...].prefix(limit).prefix { $0.utf8.starts(with: prefix.utf8) })
    }

    /// Where a key stands, or would.
    private func place(of key: String) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].utf8.lexicographicallyPrecedes(key.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
