/// What access is given to: the cluster, a database or a table, the lower in the higher.
///
/// Source: Fluss's `Resource`, whose names these are.
public struct AccessResource: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The numbers are those of Fluss's `ResourceType`.
    public enum Kind: Int32, Sendable, CaseIterable, Comparable {
        case cluster = 2
        case database = 3
        case table = 4

        var text: String {
            switch self {
            case .cluster: "cluster"
            case .database: "database"
            case .table: "table"
            }
        }

        public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    public var kind: Kind
    /// `fluss-cluster`, a database's name, or a database's and a table's with a dot between; `*`
    /// is every resource of the kind.
    public var name: String

    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    private static let wildcard = "*"
    public static let cluster = AccessResource(.cluster, "fluss-cluster")

    public static func database(_ name: String) -> AccessResource {
        AccessResource(.database, name)
    }

    public static func table(_ path: TablePath) -> AccessResource {
        AccessResource(.table, "\(path.database).\(path.table)")
    }

    /// Reads `cluster`, `cluster.shop` or `cluster.shop.orders`, as Fluss's procedures name them;
    /// nil if it is none. A `*` may stand in the last place.
    public init?(path: String) {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.first == "cluster" else { return nil }
        switch parts.count {
        case 1: self = .cluster
        case 2: self = .database(parts[1])
        case 3:
            self =
                parts[1] == Self.wildcard && parts[2] == Self.wildcard
                ? AccessResource(.table, Self.wildcard)
                : AccessResource(.table, "\(parts[1]).\(parts[2])")
        default: return nil
        }
        if objection != nil { return nil }
    }

    /// As `init(path:)` reads it.
    public var description: String {
        if kind == .cluster { return "cluster" }
        return kind == .table && name == Self.wildcard ? "cluster.*.*" : "cluster.\(name)"
    }

    public static func < (left: AccessResource, right: AccessResource) -> Bool {
        (left.kind, left.name) < (right.kind, right.name)
    }

    /// What is wrong with its name; nil if it is fine.
    var objection: String? {
        if name == Self.wildcard { return nil }
        switch kind {
        case .cluster:
            return name == Self.cluster.name ? nil : "the cluster is \(Self.cluster.name)"
        case .database: return TablePath.objection(to: name)
        case .table:
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            if parts.count != 2 { return "a table is DATABASE.TABLE" }
            return TablePath.objection(to: String(parts[0]))
                ?? TablePath.objection(to: String(parts[1]))
        }
    }

    /// The resources of which an entry is one about this: itself, all of its kind, and what it is
    /// in.
    var covering: [AccessResource] {
        var all = [self, AccessResource(kind, Self.wildcard)]
        if kind == .table, let database = name.split(separator: ".").first {
            all.append(.database(String(database)))
        }
        if kind != .cluster { all.append(.cluster) }
        return all
    }

    /// Of which somebody has to have everything who gives and takes access to this: access to
    /// tables is given by who has the database.
    var governing: AccessResource {
        guard kind == .table, name != Self.wildcard, let database = name.split(separator: ".").first
        else { return kind == .table ? .cluster : self }
        return .database(String(database))
    }
}
