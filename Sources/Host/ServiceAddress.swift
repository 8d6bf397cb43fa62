/// Where a server of this or another computer is reached.
public struct ServiceAddress: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// As a `Host` header has it.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? name : "\(name):\(port)"
    }

    /// Reads `http://HOST[:PORT][/PATH]`; the path without its slashes at both ends.
    ///
    /// - Throws: `HostError.service`, which says what to name instead.
    public static func parse(_ url: String) throws(HostError) -> (Self, path: String) {
        func refuse(_ reason: String) -> HostError { .service(name: url, reason: reason) }
        if url.hasPrefix("https://") {
            throw refuse(
                "this program speaks no TLS; put a proxy that does beside it, and name that as "
                    + "http://127.0.0.1:PORT")
        }
        guard url.hasPrefix("http://") else { throw refuse("it is no http:// address") }
        let rest = url.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var path = rest.dropFirst(authority.count)
        if path.contains("?") || authority.contains("@") {
            throw refuse("it has more than a host, a port and a path")
        }
        while path.first == "/" { path.removeFirst() }
        while path.last == "/" { path.removeLast() }
        var host = authority
        var port = 80
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            guard let number = Int(authority[authority.index(after: colon)...]),
                (1...65_535).contains(number)
            else { throw refuse("its port is no number from 1 to 65535") }
            host = authority[..<colon]
            port = number
        }
        if host.first == "[" && host.last == "]" { host = host.dropFirst().dropLast() }
        if host.isEmpty { throw refuse("it names no host") }
        return (ServiceAddress(host: String(host), port: port), String(path))
    }
}
