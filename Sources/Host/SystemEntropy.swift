import Platform

/// The operating system's randomness.
final class SystemEntropy: Entropy {
    private var source = SystemRandomNumberGenerator()

    func next() -> UInt64 { source.next() }
}
