/// A dictionary that tells names apart by their bytes, as file systems and stores do.
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

    /// In the order of their UTF-8 bytes.
    var names: [String] {
        table.keys.map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The names that begin with the bytes of `prefix`, in order.
    func names(prefix: String) -> [String] {
        table.keys.filter { $0.text.utf8.starts(with: prefix.utf8) }.map(\.text)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    subscript(name: String) -> Value? {
        get { table[Name(text: name)] }
        set { table[Name(text: name)] = newValue }
    }
}
