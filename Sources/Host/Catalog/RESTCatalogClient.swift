import JSON
import NIOHTTP1
import Platform

/// Calls an Iceberg REST catalog: finds out what it wants paths to begin with, and lets itself in.
///
/// Belongs to the world's thread; all machines of a world share one.
final class RESTCatalogClient {
    struct Answer {
        var status: Int
        var body: JSONValue

        /// What the catalog says is wrong.
        var reason: String {
            let error = body["error"]
            let message = error?["message"]?.string ?? error?.string ?? ""
            return message.isEmpty ? "status \(status)" : "status \(status): \(message)"
        }
    }

    private struct Token {
        var text: String
        /// When another one is to be asked for, on the monotonic clock.
        var end: Int64
    }

    private let configuration: RESTCatalogConfiguration
    private let http: HTTPClient
    private let base: String
    private var prefix: String?
    private var token: Token?

    init(_ configuration: RESTCatalogConfiguration, world: HostWorld) {
        self.configuration = configuration
        http = HTTPClient(
            configuration.address, trust: configuration.trust, world: world)
        base = configuration.path.isEmpty ? "" : "/" + configuration.path
    }

    func close() { http.close() }

    /// Calls what stands below the catalog's prefix, such as `/namespaces`.
    ///
    /// Throws `HTTPFailure`, and `RESTCatalogRefusal` if the catalog does not let us in.
    func call(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        _ body: JSONValue? = nil, in lifetime: Lifetime
    ) async throws -> Answer {
        let prefix = try await prefix(lifetime)
        let target = base + "/v1" + prefix + path + Self.text(query)
        return try await authorized(method, target, body, lifetime)
    }

    private func prefix(_ lifetime: Lifetime) async throws -> String {
        if let prefix { return prefix }
        let query = configuration.warehouse.map { [("warehouse", $0)] } ?? []
        let answer = try await authorized(
            .GET, base + "/v1/config" + Self.text(query), nil, lifetime)
        guard answer.status == 200 else { throw RESTCatalogRefusal(reason: answer.reason) }
        let told =
            answer.body["overrides"]?["prefix"]?.string
            ?? answer.body["defaults"]?["prefix"]?.string ?? ""
        // A prefix may have levels of its own.
        let found =
            told.isEmpty
            ? "" : "/" + told.split(separator: "/").map { Self.escaped($0) }.joined(separator: "/")
        prefix = found
        return found
    }

    private func authorized(
        _ method: HTTPMethod, _ target: String, _ body: JSONValue?, _ lifetime: Lifetime
    ) async throws -> Answer {
        var answer = try await send(method, target, body, lifetime)
        // A token may end before its time.
        if answer.status == 401 || answer.status == 419, configuration.token == nil, token != nil {
            token = nil
            answer = try await send(method, target, body, lifetime)
        }
        if answer.status == 401 || answer.status == 403 {
            throw RESTCatalogRefusal(reason: answer.reason)
        }
        return answer
    }

    private func send(
        _ method: HTTPMethod, _ target: String, _ body: JSONValue?, _ lifetime: Lifetime
    ) async throws -> Answer {
        var call = HTTPCall(method: method, target: target)
        call.headers = [("accept", "application/json")]
        if let token = try await token(lifetime) {
            call.headers.append(("authorization", "Bearer " + token))
        }
        if let body {
            call.headers.append(("content-type", "application/json"))
            call.body = Array(body.compact.utf8)
        }
        let answer = try await http.send(call, timeout: configuration.timeout, in: lifetime)
        return Answer(status: answer.status, body: Self.json(answer.body))
    }

    private func token(_ lifetime: Lifetime) async throws -> String? {
        if let given = configuration.token { return given }
        guard let credential = configuration.credential else { return nil }
        let now = HostClock.monotonicNanoseconds
        if let token, now < token.end { return token.text }
        let parts = credential.split(separator: ":", maxSplits: 1)
        var form = [("grant_type", "client_credentials"), ("scope", configuration.scope)]
        if parts.count == 2 { form.append(("client_id", String(parts[0]))) }
        form.append(("client_secret", String(parts.last ?? "")))
        var call = HTTPCall(method: .POST, target: base + "/v1/oauth/tokens")
        call.headers = [
            ("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded"),
        ]
        call.body = Array(Self.text(form).dropFirst().utf8)
        let answer = try await http.send(call, timeout: configuration.timeout, in: lifetime)
        let json = Self.json(answer.body)
        guard answer.status == 200, let text = json["access_token"]?.string else {
            throw RESTCatalogRefusal(reason: Answer(status: answer.status, body: json).reason)
        }
        // Another one is asked for while this one still holds.
        let seconds = max(1, (json["expires_in"]?.integer ?? 3600) * 9 / 10)
        token = Token(text: text, end: now + min(seconds, 86_400) * 1_000_000_000)
        return text
    }

    private static func json(_ bytes: [UInt8]) -> JSONValue {
        (try? JSONValue(parsing: bytes)) ?? .null
    }

    // MARK: Paths

    /// A query, or a form with another sign before it.
    private static func text(_ query: [(String, String)]) -> String {
        if query.isEmpty { return "" }
        return "?"
            + query.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
    }

    /// One part of a path or query, all but unreserved characters escaped (RFC 3986).
    static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for byte in text.utf8 {
            let character = Character(UnicodeScalar(byte))
            if byte < 128, character.isLetter || character.isNumber || "-._~".contains(character) {
                result.append(character)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }

    /// The path of a namespace, whose levels a unit separator divides.
    static func path(of namespace: String) -> String {
        "/namespaces/" + escaped(levels(namespace).joined(separator: "\u{1F}"))
    }

    static func path(of table: LakeTableName) -> String {
        path(of: table.namespace) + "/tables/" + escaped(table.name)
    }

    static func levels(_ namespace: String) -> [String] {
        namespace.split(separator: ".").map(String.init)
    }

    /// A table's name as the protocol has it ("TableIdentifier").
    static func identifier(_ table: LakeTableName) -> JSONValue {
        [
            "namespace": .array(levels(table.namespace).map { .string($0) }),
            "name": .string(table.name),
        ]
    }
}

/// Why a catalog does not let us in.
struct RESTCatalogRefusal: Error, CustomStringConvertible {
    var reason: String

    var description: String { reason }
}
