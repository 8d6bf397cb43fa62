/// A dictionary that tells names apart by their bytes, as file systems and stores do, and keeps
/// them in order.
///
/// `String` alone would take a composed and a decomposed letter for one name.
struct NameTable<Value> {
    private struct Name: Hashable {
        var text: String

        static func == (left: Name, right: Name) -> Bool {
            var (left, right) = (left.text, right.text)
            return left.withUTF8 { left in
                right.withUTF8 { left.count == $0.count && left.elementsEqual($0) }
            }
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
        let end = place(from: first) { $0.utf8.starts(with: prefix.utf8) }
        return Array(names[first..<end].prefix(limit))
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
        place(from: 0) { $0.utf8.lexicographicallyPrecedes(name.utf8) }
    }

    /// Where the first name from `start` on stands that does not come before. Those that do stand
    /// together.
    private func place(from start: Int, comesBefore: (String) -> Bool) -> Int {
        var (low, high) = (start, names.count)
        while low < high {
            let middle = (low + high) / 2
            if comesBefore(names[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
