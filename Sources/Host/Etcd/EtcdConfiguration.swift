/// Which etcd coordinates, and under which keys.
public struct EtcdConfiguration: Sendable {
    /// The members' client addresses; another is asked when one cannot be reached.
    public var addresses: [ServiceAddress]
    /// What all our keys begin with, a slash last.
    public var prefix: String
    /// Who may vouch for members that speak TLS.
    public var trust: TLSTrust?
    /// As many conditions and operations as etcd takes at one level of a transaction, or less:
    /// `--max-txn-ops` is 128 unless it was told otherwise. More go into levels below.
    public var operationLimit = 100

    public init(addresses: [ServiceAddress], prefix: String = "wavetank/") {
        precondition(!addresses.isEmpty, "an etcd has an address")
        precondition(prefix.hasSuffix("/"), "the prefix of keys ends in a slash")
        self.addresses = addresses
        self.prefix = prefix
    }

    /// Reads `http://HOST:PORT[/PREFIX]` or, with TLS, `https://...`, several with commas between
    /// them; the port is 2379 if it is not named.
    ///
    /// - Parameters:
    ///   - authorities: The file of those who may vouch for the members; nil for the system's.
    ///   - identity: By which we show an etcd that wants to know who we are; nil for none.
    /// - Throws: `HostError`, which says what to name instead.
    public static func parse(
        _ text: String, authorities: String? = nil, identity: TLSIdentity? = nil
    ) throws(HostError) -> EtcdConfiguration {
        var addresses: [ServiceAddress] = []
        var prefix = "wavetank"
        for url in text.split(separator: ",") {
            let (address, path) = try ServiceAddress.parse(String(url), standardPort: 2379)
            addresses.append(address)
            if !path.isEmpty { prefix = path }
        }
        if addresses.isEmpty { throw .service(name: "etcd", reason: "no address is named") }
        var configuration = EtcdConfiguration(addresses: addresses, prefix: prefix + "/")
        if addresses.contains(where: \.isSecure) {
            configuration.trust = try TLSTrust(authorities: authorities, identity: identity)
        }
        return configuration
    }
}
