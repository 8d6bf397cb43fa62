import Platform

extension HostWorld {
    /// The bytes of an object in the world's folder now; nil if there is none, or if a store has
    /// them.
    ///
    /// For those who watch: no machine has asked, and nothing is counted.
    public func objectBytes(_ key: String) -> [UInt8]? {
        guard let objects else { return nil }
        return try? objects.get(key)
    }

    /// The keys of objects in the world's folder now, in order.
    public func objectKeys(prefix: String) -> [String] {
        let found = try? objects?.walk(prefix: prefix, after: nil, limit: .max)
        return (found ?? []).map(\.key)
    }
}
