/// Where a table stands: its database and its name in there.
public struct TablePath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The database of tables whose creator names none.
    public static let defaultDatabase = "wavetank"

    public var database: String
    public var table: String

    public init(database: String = defaultDatabase, table: String) {
        self.database = database
        self.table = table
    }

    public var description: String { "\(database).\(table)" }

    public static func < (left: TablePath, right: TablePath) -> Bool {
        (left.database, left.table) < (right.database, right.table)
    }

    /// Why `name` cannot name a database or a table; nil if it can. Fluss's rules.
    static func objection(to name: String) -> String? {
        if name.isEmpty || name == "." || name == ".." { return "it must not be empty, . or .." }
        if name.utf8.count > nameByteCountLimit {
            return "it has \(name.utf8.count) bytes, at most \(nameByteCountLimit) are allowed"
        }
        if name.hasPrefix("__") { return "names that begin with __ are the system's" }
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain ? nil : "only letters, digits, _ and - may stand in it"
    }

    private static let nameByteCountLimit = 200
}
