/// Who asks: the type and the name of somebody who was let in, as in `User:alice`.
///
/// Source: Fluss's `FlussPrincipal`.
public struct Principal: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Such as `User`.
    public var type: String
    public var name: String

    /// Whoever calls where nobody has to say who he is.
    public static let anonymous = Principal(type: "User", name: "ANONYMOUS")
    /// Everybody, in an entry of an access list.
    public static let everyone = Principal(type: "*", name: "*")

    public init(type: String, name: String) {
        self.type = type
        self.name = name
    }

    public static func user(_ name: String) -> Principal { Principal(type: "User", name: name) }

    /// Reads `User:alice`; nil if it has no type or no name.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        self.init(type: String(text[..<colon]), name: String(text[text.index(after: colon)...]))
        if type.isEmpty || name.isEmpty { return nil }
    }

    public var description: String { "\(type):\(name)" }

    public static func < (left: Principal, right: Principal) -> Bool {
        (left.type, left.name) < (right.type, right.name)
    }

    private static let byteCountLimit = 255

    /// What is wrong with it; nil if it is fine.
    var objection: String? {
        for (what, text) in [("type", type), ("name", name)] {
            if text.isEmpty { return "a principal has a \(what)" }
            if text.utf8.count > Self.byteCountLimit {
                return "the \(what) of a principal has at most \(Self.byteCountLimit) bytes"
            }
        }
        return nil
    }
}

/// Somebody who was let in, and the host that he calls from.
public struct Caller: Hashable, Sendable {
    public var principal: Principal
    public var host: String

    public init(_ principal: Principal, host: String) {
        self.principal = principal
        self.host = host
    }

    /// Whose quota counts: somebody's who has said who he is, else his host's.
    public var client: String { principal == .anonymous ? host : principal.description }
}
