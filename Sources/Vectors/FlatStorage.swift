/// A growing run of plain elements at one address, without bounds checks on its hot paths.
struct FlatStorage<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = max(1, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    mutating func append(repeating element: Element, count added: Int) {
        reserve(count + added)
        (base + count).initialize(repeating: element, count: added)
        count += added
    }

    mutating func append(_ element: Element) {
        reserve(count + 1)
        (base + count).initialize(to: element)
        count += 1
    }

    mutating func append(_ elements: [Element]) {
        reserve(count + elements.count)
        elements.withUnsafeBufferPointer {
            if let source = $0.baseAddress {
                (base + count).initialize(from: source, count: $0.count)
            }
        }
        count += elements.count
    }

    mutating func removeLast() -> Element {
        precondition(count > 0, "nothing to remove")
        count -= 1
        return base[count]
    }

    mutating func removeAll() { count = 0 }

    private mutating func reserve(_ needed: Int) {
        if needed <= capacity { return }
        let grown = max(needed, capacity * 2)
        let target = UnsafeMutablePointer<Element>.allocate(capacity: grown)
        target.moveInitialize(from: base, count: count)
        base.deallocate()
        base = target
        capacity = grown
    }
}
