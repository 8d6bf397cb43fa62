/// The name of a node: its role and its number from 1, as in `server-2`.
public struct NodeName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var role: NodeRole
    public var number: Int

    public init(_ role: NodeRole, _ number: Int) {
        precondition(number > 0, "nodes are numbered from 1")
        self.role = role
        self.number = number
    }

    public init?(_ text: String) {
        // Servers ask this of each call's machine.
        guard let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")),
            let role = NodeRole(rawValue: String(text[..<dash]))
        else { return nil }
        let digits = text[text.utf8.index(after: dash)...]
        guard digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            digits.utf8.first != UInt8(ascii: "0"), let number = Int(digits)
        else { return nil }
        self.init(role, number)
    }

    public var description: String { "\(role.rawValue)-\(number)" }

    public static func < (first: NodeName, second: NodeName) -> Bool {
        (first.role.rawValue, first.number) < (second.role.rawValue, second.number)
    }
}
