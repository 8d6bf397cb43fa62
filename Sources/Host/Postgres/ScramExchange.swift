/// The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.
struct ScramExchange {
    static let mechanism = "SCRAM-SHA-256"
    /// A server that asks for more would keep us busy for nothing.
    private static let iterationLimit = 1_000_000

    private let password: String
    private let nonce: String
    private var serverSignature: [UInt8]?
    private(set) var isVerified = false

    /// `nonce` is of printable ASCII without commas, and drawn anew for each exchange.
    init(password: String, nonce: String) {
        self.password = password
        self.nonce = nonce
    }

    /// PostgreSQL takes the user from the beginning of the connection.
    private var bare: String { "n=,r=\(nonce)" }

    var first: String { "n,,\(bare)" }

    /// The answer to the server's salt.
    mutating func answer(to challenge: String) throws(PostgresError) -> String {
        let values = Self.values(challenge)
        guard let all = values["r"], all.hasPrefix(nonce), all.count > nonce.count,
            let salt = values["s"].flatMap(Base64.decoded),
            let count = values["i"].flatMap(Int.init),
            (1...Self.iterationLimit).contains(count)
        else { throw .authentication(reason: "the server's challenge is none of SCRAM") }
        let salted = Self.salted(Array(password.utf8), salt, count)
        let clientKey = SHA256.authenticationCode(Array("Client Key".utf8), key: salted)
        let proofless = "c=biws,r=\(all)"
        let message = Array("\(bare),\(challenge),\(proofless)".utf8)
        let signature = SHA256.authenticationCode(message, key: SHA256.digest(clientKey))
        let serverKey = SHA256.authenticationCode(Array("Server Key".utf8), key: salted)
        serverSignature = SHA256.authenticationCode(message, key: serverKey)
        let proof = zip(clientKey, signature).map { $0 ^ $1 }
        return "\(proofless),p=\(Base64.encoded(proof))"
    }

    /// Checks that the server knows the password, too.
    mutating func verify(_ end: String) throws(PostgresError) {
        guard let signature = Self.values(end)["v"].flatMap(Base64.decoded),
            signature == serverSignature
        else { throw .authentication(reason: "the server does not know the password itself") }
        isVerified = true
    }

    private static func values(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for part in text.split(separator: ",") where part.dropFirst().first == "=" {
            values[String(part.prefix(1))] = String(part.dropFirst(2))
        }
        return values
    }

    /// PBKDF2 of one block (RFC 8018).
    private static func salted(_ password: [UInt8], _ salt: [UInt8], _ count: Int) -> [UInt8] {
        var last = SHA256.authenticationCode(salt + [0, 0, 0, 1], key: password)
        var result = last
        for _ in 1..<max(1, count) {
            last = SHA256.authenticationCode(last, key: password)
            for position in result.indices { result[position] ^= last[position] }
        }
        return result
    }
}
