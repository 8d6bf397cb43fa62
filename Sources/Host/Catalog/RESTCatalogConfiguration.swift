/// Where an Iceberg REST catalog is, and how it lets us in.
public struct RESTCatalogConfiguration: Hashable, Sendable {
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
    /// How long an answer may take.
    public var timeout = Duration.seconds(30)

    /// Takes an address such as `http://127.0.0.1:8181` or `http://127.0.0.1:8080/iceberg`.
    ///
    /// - Throws: `HostError.service`, which says what to name instead.
    public init(url: String) throws(HostError) {
        (address, path) = try ServiceAddress.parse(url)
    }
}
