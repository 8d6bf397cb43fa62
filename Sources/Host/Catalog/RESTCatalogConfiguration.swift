/// Where an Iceberg REST catalog is, and how it lets us in.
public struct RESTCatalogConfiguration: Sendable {
    /// Where the server is, and what its paths begin with, without a slash at either end.
    public var address: ServiceAddress
    public var path: String
    /// What the catalog knows its warehouse as; nil for its only one.
    public var warehouse: String?
    /// Id and secret of an OAuth2 client, with a colon between them; nil to use none.
    public var credential: String?
    /// What the client asks to be allowed.
    public var scope = "PRINCIPAL_ROLE:ALL"
    /// A bearer token that somebody else got for us; it goes before a credential.
    public var token: String?
    /// Who may vouch for a catalog that speaks TLS.
    public var trust: TLSTrust?
    /// How long an answer may take.
    public var timeout = Duration.seconds(30)

    /// Takes an address such as `http://127.0.0.1:8181` or `https://lake.example.org/iceberg`.
    ///
    /// - Parameter authorities: The file of those who may vouch for the catalog; nil for the
    ///   system's.
    /// - Throws: `HostError`, which says what to name instead.
    public init(url: String, authorities: String? = nil) throws(HostError) {
        (address, path) = try ServiceAddress.parse(url)
        if address.isSecure { trust = try TLSTrust(authorities: authorities) }
    }
}
