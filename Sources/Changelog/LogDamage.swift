/// Bytes that were durable and are not what was written: rot, a lost write, a lost file.
public struct LogDamage: Hashable, Sendable, CustomStringConvertible {
    /// The file, relative to the machine's disk.
    public var path: String
    /// Where in the file the damage was found.
    public var position: Int64
    /// The offsets that cannot be read from here; the end is the next that is known to be good, or
    /// the end of what was known to be durable.
    public var offsets: Range<Int64>
    public var reason: String

    public init(path: String, position: Int64, offsets: Range<Int64>, reason: String) {
        self.path = path
        self.position = position
        self.offsets = offsets
        self.reason = reason
    }

    public var description: String {
        "offsets \(offsets) are damaged at byte \(position) of \(path): \(reason)"
    }
}
