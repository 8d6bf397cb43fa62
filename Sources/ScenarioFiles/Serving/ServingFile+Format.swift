extension ServingFile {
    private static let secret = Shape.text(maximumLength: 1024)
    private static let place = Shape.text(maximumLength: 4096)

    static let shape = RecordShape(places + services + logs + security)

    private static let places: [Field] = [
        Field(
            "listen", place, .optional,
            "where Fluss clients bootstrap; the port after it is used as well",
            example: "127.0.0.1:9123"),
        Field(
            "advertise", place, .optional,
            "what clients and other processes are told instead of the address listened at",
            example: "lake.example.org"),
        Field(
            "http", .integer(0...65_535), .optional,
            "the port at which HTTP is served; 0 for a free one", example: "9180"),
        Field("data", place, .optional, "the folder of all data", example: "/var/lib/wavetank"),
    ]

    private static let services: [Field] = [
        Field(
            "servers", .integer(1...64), .optional, "tablet servers of the cluster", example: "3"),
        Field(
            "role",
            .choice([
                Choice(name: "all", meaning: "every part"),
                Choice(name: "coordinator", meaning: "coordinator, tierer and indexer"),
                Choice(name: "tablet", meaning: "a tablet server and its gateway"),
            ]), .optional, "the parts that the process runs", example: "all"),
        Field(
            "number", .integer(1...64), .optional, "which process of the cluster it is",
            example: "1"),
        Field(
            "etcd", place, .optional, "the etcd that coordinates the cluster's processes",
            example: "http://127.0.0.1:2379"),
        Field(
            "s3", place, .optional, "the S3 store that has the objects",
            example: "http://127.0.0.1:8333/lake"),
        Field(
            "s3Style",
            .choice([
                Choice(name: "path", meaning: "the bucket stands in the path"),
                Choice(name: "virtual-host", meaning: "the bucket stands in the host"),
            ]), .optional, "how buckets are named", example: "path"),
        Field(
            "catalog", .record(catalog), .optional,
            "the Iceberg REST catalog that has the lake's tables, instead of the cluster's own",
            example: "{ url: https://catalog.example.org }"),
        Field(
            "authorities", place, .optional,
            "the file of those who may vouch for https:// services, in PEM, instead of the "
                + "system's", example: "authorities.pem"),
    ]

    private static let catalog = RecordShape([
        Field(
            "url", place, .required, "where it is", example: "https://catalog.example.org"),
        Field(
            "warehouse", .text(maximumLength: 1024), .optional, "what it knows its warehouse as",
            example: "lake"),
        Field(
            "scope", .text(maximumLength: 1024), .optional, "what is asked for with a credential",
            example: "PRINCIPAL_ROLE:ALL"),
        Field(
            "credential", secret, .optional, "id and secret of an OAuth2 client, with a colon",
            example: "wavetank:secret"),
        Field(
            "credentialFile", place, .optional,
            "the file that has the credential in its first line",
            example: "/run/secrets/catalog"),
        Field("token", secret, .optional, "a bearer token", example: "8c1f2e"),
        Field(
            "tokenFile", place, .optional, "the file that has the token in its first line",
            example: "/run/secrets/catalog-token"),
    ])

    private static let logs: [Field] = [
        Field(
            "logFormat",
            .choice([
                Choice(name: "text", meaning: "for people"),
                Choice(name: "json", meaning: "an object a line"),
            ]), .optional, "how the process writes what it says on standard error",
            example: "json"),
        Field(
            "logLevel",
            .choice([
                Choice(name: "information", meaning: "all notes"),
                Choice(name: "warning", meaning: "what people should look at"),
                Choice(name: "error", meaning: "defects"),
            ]), .optional, "from which level on notes of nodes are said", example: "warning"),
        Field(
            "limits", .record(limits), .optional, "what the process may use",
            example: "{ connections: 1000 }"),
    ]

    private static let limits = RecordShape([
        Field(
            "connections", .integer(1...100_000), .optional,
            "connections of programs of others, at each port", example: "1000"),
        Field(
            "openFiles", .integer(64...1_000_000), .optional,
            "files of nodes that are open at a time", example: "512"),
    ])

    private static let security: [Field] = [
        Field(
            "insecure", .boolean, .optional,
            "whether others than this computer are served without TLS or without users",
            example: "true"),
        Field(
            "tls", .record(tls), .optional, "the certificate that clients are shown",
            example: "{ certificate: chain.pem, key: key.pem }"),
        Field(
            "users", .list(.record(user), isEmptyAllowed: true), .emptyByDefault,
            "who may call; everybody where nobody is named"),
        Field(
            "authorization", .boolean, .optional,
            "whether access lists are asked; otherwise who was let in may do everything",
            example: "true"),
        Field(
            "superUsers", .list(.text(maximumLength: 512), isEmptyAllowed: true), .emptyByDefault,
            "who may do everything, whatever the access lists say", example: "[User:admin]"),
        Field(
            "access", .list(.record(entry), isEmptyAllowed: true), .emptyByDefault,
            "access that is given here, beside what Fluss clients give and take"),
        Field(
            "quotas", .list(.record(quota), isEmptyAllowed: true), .emptyByDefault,
            "how much clients may ask of this process in a second"),
    ]

    private static let tls = RecordShape([
        Field(
            "certificate", place, .required, "the file of the certificate and its chain, in PEM",
            example: "chain.pem"),
        Field(
            "key", place, .required, "the file of the certificate's private key, in PEM",
            example: "key.pem"),
        Field(
            "authorities", place, .optional,
            "the file of those who may vouch for the cluster's processes, in PEM: they then talk "
                + "to each other through TLS, each with its certificate",
            example: "authorities.pem"),
    ])

    static let user = RecordShape([
        Field("name", .text(maximumLength: 255), .required, "who it is", example: "alice"),
        Field("password", secret, .optional, "what lets the user in", example: "secret"),
        Field(
            "passwordFile", place, .optional, "the file that has the password in its first line",
            example: "/run/secrets/alice"),
        Field(
            "token", secret, .optional, "what lets the user in over HTTP as a bearer",
            example: "8c1f2e"),
        Field(
            "tokenFile", place, .optional, "the file that has the token in its first line",
            example: "/run/secrets/alice-token"),
    ])

    static let entry = RecordShape([
        Field(
            "principal", .text(maximumLength: 512), .required,
            "who gets access; \"*:*\" is everybody", example: "User:alice"),
        Field(
            "resource", .text(maximumLength: 512), .required,
            "to what: the cluster, a database with all in it, or a table",
            example: "cluster.shop.orders"),
        Field(
            "operations",
            .oneOrMany(
                .choice([
                    Choice(name: "ALL", meaning: "everything"),
                    Choice(name: "READ", meaning: "reading rows"),
                    Choice(name: "WRITE", meaning: "writing rows"),
                    Choice(name: "CREATE", meaning: "making tables in it"),
                    Choice(name: "DROP", meaning: "dropping it"),
                    Choice(name: "ALTER", meaning: "changing it"),
                    Choice(name: "DESCRIBE", meaning: "seeing that it is there, and what it is"),
                ])), .required, "what for; each of them lets it be described as well",
            example: "[READ, WRITE]"),
        Field(
            "host", .text(maximumLength: 255), .byDefault("*"),
            "the address that it is called from", example: "10.0.0.1"),
    ])

    static let quota = RecordShape([
        Field(
            "client", .text(maximumLength: 512), .optional,
            "whose: a principal or, where nobody says who he is, the address of a computer; "
                + "every client that has none of its own when absent", example: "User:alice"),
        Field(
            "produced", .byteCount(1...(1 << 40)), .optional, "bytes a second that are written",
            example: "8MiB"),
        Field(
            "fetched", .byteCount(1...(1 << 40)), .optional, "bytes a second that are read",
            example: "32MiB"),
        Field(
            "requests", .integer(1...1_000_000), .optional, "requests a second", example: "200"),
    ])
}
