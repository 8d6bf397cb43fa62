/// A dictionary that tells names apart by their bytes, as file systems and stores do, and keeps
/// them in order.
///
/// `String` alone would take a composed and a decomposed letter for one name.
struct NameTable<Value> {
    private struct Name: Hashable {
        var text: String

        static func == (left: Name, right: Name) -> Bool {
            left.text.utf8.elementsEqual(right.text.utf8)
        }

        func hash(into hasher: inout Hasher) {
            var text = self.text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    private var table: [Name: Value] = [:]

    /// In the order of their UTF-8 bytes, kept sorted as they come and go.
    private(set) var names: [String] = []

    /// Up to `limit` names that begin with the bytes of `prefix`, and follow `start` if given.
    func names(prefix: String, after start: String? = nil, limit: Int = .max) -> [String] {
        var first = place(of: prefix)
        if let start {
            first = max(first, place(of: start) + (self[start] == nil ? 0 : 1))
        }
        return Array(names[first...].prefix(limit).prefix { $0.utf8.starts(with: prefix.utf8) })
    }

    subscript(name: String) -> Value? {
        get { table[Name(text: name)] }
        set {
            let previous: Value?
            if let newValue {
                previous = table.updateValue(newValue, forKey: Name(text: name))
                if previous == nil { names.insert(name, at: place(of: name)) }
            } else {
                previous = table.removeValue(forKey: Name(text: name))
                if previous != nil { names.remove(at: place(of: name)) }
            }
        }
    }

    /// Where a name stands, or would.
    private func place(of name: String) -> Int {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if names[middle].utf8.lexicographicallyPrecedes(name.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
