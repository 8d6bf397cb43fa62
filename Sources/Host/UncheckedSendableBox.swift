/// An object of the world's thread on its way through a foreign one.
///
/// Unchecked because the foreign thread only carries it back: it never looks inside.
struct UncheckedSendableBox<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
