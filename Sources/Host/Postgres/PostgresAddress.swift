/// Where a PostgreSQL server is, who asks, and for which database.
public struct PostgresAddress: Hashable, Sendable {
    public var service: ServiceAddress
    public var user: String
    public var password: String?
    public var database: String

    /// Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE`; the database is the user's if it is
    /// left out.
    ///
    /// - Throws: `PostgresError.address`, which says what is wrong.
    public init(_ url: String) throws(PostgresError) {
        let schemes = ["postgres://", "postgresql://"]
        guard let scheme = schemes.first(where: url.hasPrefix) else {
            throw .address(reason: "an address of PostgreSQL begins with postgres://")
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(authority.count)
        if path.contains("?") { throw .address(reason: "options behind ? are not taken") }
        let database = Self.unescaped(path.dropFirst())
        guard let at = authority.lastIndex(of: "@") else {
            throw .address(reason: "it names no user: postgres://USER@HOST:PORT/DATABASE")
        }
        let names = authority[..<at].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let server = authority[authority.index(after: at)...]
        let isWithoutPort = !server.contains(":") || server.last == "]"
        do throws(HostError) {
            service = try ServiceAddress.parse("http://\(server)" + (isWithoutPort ? ":5432" : ""))
                .0
        } catch { throw .address(reason: "\(error)") }
        guard let user = Self.unescaped(names[0]), !user.isEmpty, let database else {
            throw .address(reason: "it names no user: postgres://USER@HOST:PORT/DATABASE")
        }
        self.user = user
        password = names.count > 1 ? Self.unescaped(names[1]) : nil
        self.database = database.isEmpty ? user : database
    }

    /// The address without its password, for people.
    public var shown: String {
        "postgres://\(user)@\(service.host):\(service.port)/\(database)"
    }

    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// What goes wrong with a PostgreSQL server; cases by what the caller must do.
public enum PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is none: fix it.
    case address(reason: String)
    /// There is no connection, or no longer: connect again.
    case connection(reason: String)
    /// The server does not let this user in: fix user, password or its pg_hba.conf.
    case authentication(reason: String)
    /// The server refuses a statement; `code` is its SQLSTATE.
    case refused(code: String, message: String)

    public var description: String {
        switch self {
        case .address(let reason), .connection(let reason), .authentication(let reason): reason
        case .refused(let code, let message): "PostgreSQL refuses: \(message) (\(code))"
        }
    }
}
