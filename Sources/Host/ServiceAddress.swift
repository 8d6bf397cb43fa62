/// Where a server of this or another computer is reached.
public struct ServiceAddress: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int
    /// Whether the server is spoken to through TLS.
    public var isSecure: Bool

    public init(host: String, port: Int, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// With its scheme, for people.
    public var url: String { "\(isSecure ? "https" : "http")://\(self)" }

    /// As a `Host` header has it.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Reads `http://HOST[:PORT][/PATH]` or, with TLS, `https://...`; the path without its slashes
    /// at both ends.
    ///
    /// - Parameter standardPort: Taken where none is named; nil for that of the scheme.
    /// - Throws: `HostError.service`, which says what to name instead.
    public static func parse(
        _ url: String, standardPort: Int? = nil
    ) throws(HostError) -> (Self, path: String) {
        func refuse(_ reason: String) -> HostError { .service(name: url, reason: reason) }
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else {
            throw refuse("it is no http:// or https:// address")
        }
        let isSecure = scheme == "https://"
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var path = rest.dropFirst(authority.count)
        if path.contains("?") || authority.contains("@") {
            throw refuse("it has more than a host, a port and a path")
        }
        while path.first == "/" { path.removeFirst() }
        while path.last == "/" { path.removeLast() }
        var host = authority
        var port = standardPort ?? (isSecure ? 443 : 80)
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            guard let number = Int(authority[authority.index(after: colon)...]),
                (1...65_535).contains(number)
            else { throw refuse("its port is no number from 1 to 65535") }
            host = authority[..<colon]
            port = number
        }
        if host.first == "[" && host.last == "]" { host = host.dropFirst().dropLast() }
        if host.isEmpty { throw refuse("it names no host") }
        return (ServiceAddress(host: String(host), port: port, isSecure: isSecure), String(path))
    }
}
