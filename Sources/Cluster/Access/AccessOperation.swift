/// What somebody does to a resource; the numbers are those of Fluss's `OperationType`.
public enum AccessOperation: Int32, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Every operation.
    case all = 2
    case read = 3
    case write = 4
    case create = 5
    case drop = 6
    case alter = 7
    case describe = 8

    /// In capitals, as Fluss writes it.
    public var description: String {
        switch self {
        case .all: "ALL"
        case .read: "READ"
        case .write: "WRITE"
        case .create: "CREATE"
        case .drop: "DROP"
        case .alter: "ALTER"
        case .describe: "DESCRIBE"
        }
    }

    /// Reads a name in either case; nil if there is no such operation.
    public init?(name: String) {
        guard let known = Self.allCases.first(where: { $0.description == name.uppercased() })
        else { return nil }
        self = known
    }

    /// Whether who may do this may do another: `ALL` implies everything, and everything `DESCRIBE`.
    func implies(_ other: AccessOperation) -> Bool {
        self == other || self == .all || other == .describe
    }
}
