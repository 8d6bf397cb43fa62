/// Who may call a process from outside, and how much of it he gets; what a configuration file says.
public struct AccessConfiguration: Sendable {
    /// Somebody who can say who he is. It prints without its secrets.
    public struct User: Sendable, CustomStringConvertible {
        public var name: String
        fileprivate let password: [UInt8]
        fileprivate let token: [UInt8]?

        /// - Parameter token: What lets him in over HTTP as a bearer, without a password.
        public init(_ name: String, password: String, token: String? = nil) {
            self.name = name
            self.password = Array(password.utf8)
            self.token = token.map { Array($0.utf8) }
        }

        public var description: String { "user \(name)" }
    }

    /// Empty where everybody is let in as `Principal.anonymous`.
    public var users: [User] = []
    /// Who may do everything, whatever the access lists say.
    public var superUsers: Set<Principal> = []
    /// Whether access lists are asked; without that who was let in may do everything.
    public var isAuthorizing = false
    /// Access that is given beside what the cluster keeps.
    public var grants: [AccessBinding] = [] {
        didSet {
            granted = Dictionary(grouping: grants, by: \.resource).mapValues { $0.map(\.entry) }
        }
    }
    private(set) var granted: [AccessResource: [AccessEntry]] = [:]
    public var quotas = QuotaTable()

    public init() {}

    /// Whether nobody has to say who he is.
    public var isOpen: Bool { users.isEmpty }

    /// The user of a name and a password; the time that it takes tells nothing of either.
    func user(_ name: String, password: [UInt8]) -> User? {
        var found: User?
        for user in users where user.name == name { found = user }
        let isRight = isSameSecret(password, found?.password ?? Array("no such user".utf8))
        return isRight ? found : nil
    }

    /// The user of a name who proves to have the secret without showing it.
    func user(_ name: String, proving: (_ secret: [UInt8]) -> Bool) -> User? {
        var found: User?
        for user in users where user.name == name { found = user }
        let isRight = proving(found?.password ?? Array("no such user".utf8))
        return isRight ? found : nil
    }

    func user(token: [UInt8]) -> User? {
        var found: User?
        // All are looked at, so that the time does not tell whose it nearly was.
        for user in users {
            guard let secret = user.token else { continue }
            if isSameSecret(token, secret) { found = user }
        }
        return found
    }
}

/// Whether two secrets are the same, in a time that depends on the length of the given one alone.
func isSameSecret(_ given: [UInt8], _ known: [UInt8]) -> Bool {
    var difference = UInt(bitPattern: given.count ^ known.count)
    if known.isEmpty { return given.isEmpty }
    for (position, byte) in given.enumerated() {
        difference |= UInt(byte ^ known[position % known.count])
    }
    return difference == 0
}
