/// What a node can read and write: the layout of messages and of values in the coordination
/// service.
///
/// A node reads all versions up to its own and refuses later ones by name. What is written is the
/// *cluster format*, a value in the coordination service that only grows: the coordinator raises it
/// once every server that holds a replica is registered with a version that reads it. So a cluster
/// is upgraded one node after the other, and no node ever meets what it cannot read.
public struct FormatVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let number: Int16

    /// Values begin with their version.
    public static let oldest = FormatVersion(number: 1)
    /// Values also end with a CRC-32C; tables can be altered, rows updated in part.
    public static let checksummed = FormatVersion(number: 2)
    /// Databases are objects, tables are dropped, partitioned and number their rows; a log is asked
    /// for offsets by time, and for some of its columns.
    public static let partitioned = FormatVersion(number: 3)
    /// Remote logs may start behind offset 0, and say how old their segments are; who reads a
    /// table's log says how far.
    public static let expiring = FormatVersion(number: 4)
    /// Batches of few rows hold them as rows and not as Arrow; fetches are written short.
    public static let compact = FormatVersion(number: 5)
    /// Replicas are reassigned while they serve, and the cluster is rebalanced.
    public static let reassigned = FormatVersion(number: 6)
    /// The version of this program.
    public static let newest = reassigned

    private init(number: Int16) { self.number = number }

    /// Nil if this program does not know the version.
    public init?(_ number: Int16) {
        guard Self.oldest.number...Self.newest.number ~= number else { return nil }
        self.number = number
    }

    public var description: String { "\(number)" }

    /// The version after this one, nil if this program knows none.
    var next: FormatVersion? { FormatVersion(number + 1) }

    public static func < (left: FormatVersion, right: FormatVersion) -> Bool {
        left.number < right.number
    }
}
