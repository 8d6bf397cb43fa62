/// Something that goes wrong with requests of one kind, by their number.
public struct RequestFault: Hashable, Sendable {
    /// What becomes of a request that is struck.
    public enum Effect: Hashable, Sendable {
        /// It is carried out, and the connection ends without an answer.
        case loseAnswer
        /// It is carried out, and answered as if it had failed.
        case failAfter(status: Int)
        /// It is not carried out, and answered so.
        case refuse(status: Int)
        /// The credentials have expired, it is told.
        case expireCredentials
        /// It is carried out later.
        case delay(Duration)
        /// An upload ends half way and leaves nothing; half of an answer arrives.
        case tear
        /// Just before it, somebody else commits to the table that it is about.
        case conflict
        /// Just before it, somebody else expires all snapshots but the current ones of all tables,
        /// and removes the files that only those needed.
        case expireSnapshots
    }

    /// The requests that a fault may name.
    public enum Request: String, Hashable, Sendable, CaseIterable {
        case loadTable, createTable, commitTable, dropTable
        case getObject, headObject, putObject, deleteObject, listObjects
        case anyCatalogRequest, anyStoreRequest

        var meaning: String {
            switch self {
            case .loadTable: "a table's metadata is asked for"
            case .createTable: "a table is made, or staged to be"
            case .commitTable: "a change of a table is committed"
            case .dropTable: "a table is dropped"
            case .getObject: "an object or a range of it is read"
            case .headObject: "an object is described"
            case .putObject: "an object is written, or a part of an upload, or an upload completed"
            case .deleteObject: "objects are removed"
            case .listObjects: "objects are listed"
            case .anyCatalogRequest: "all that the catalog is asked"
            case .anyStoreRequest: "all that the store is asked"
            }
        }
    }

    public var effect: Effect
    public var requests: [Request]
    /// The first that is struck, counted from 1 among those that it names.
    public var from: Int
    /// Every which of them is struck from then on.
    public var every: Int
    /// How many are struck at most; nil for all.
    public var times: Int?
    /// The part of those that the seed draws, in parts per million.
    public var share: Int

    /// The effect as files name it.
    public var name: String {
        switch effect {
        case .loseAnswer: "loseAnswer"
        case .failAfter: "failAfter"
        case .refuse: "refuse"
        case .expireCredentials: "expireCredentials"
        case .delay: "delay"
        case .tear: "tear"
        case .conflict: "conflict"
        case .expireSnapshots: "expireSnapshots"
        }
    }

    // MARK: As files write it

    private static let of = Field(
        "of",
        .oneOrMany(
            .choice(Request.allCases.map { Choice(name: $0.rawValue, meaning: $0.meaning) })),
        .required, "the requests that are struck", example: "commitTable")
    private static let selection = [
        Field(
            "from", .integer(1...1_000_000_000), .byDefault("1"),
            "the first that is struck, counted among those of its kinds"),
        Field(
            "every", .integer(1...1_000_000_000), .byDefault("1"),
            "every which of them is struck from then on"),
        Field(
            "times", .integer(1...1_000_000_000), .optional, "how many are struck at most",
            example: "3"),
        Field("share", .share, .byDefault("100%"), "the part of those that the seed draws"),
    ]
    /// The keys of every fault.
    static var common: [Field] { [of] + selection }
    private static let statusCodes = [429, 500, 502, 503, 504]
    private static let status = Field(
        "status",
        .choice(statusCodes.map { Choice(name: String($0), meaning: "HTTP status \($0)") }),
        .byDefault("503"), "what is answered")

    static let shape = TaggedShape(
        noun: "fault",
        variants: [
            variant("loseAnswer", "the request is carried out, and its answer lost"),
            variant(
                "failAfter", "the request is carried out, and answered as if it had failed",
                [status]),
            variant("refuse", "the request is not carried out", [status]),
            variant("expireCredentials", "the credentials have expired, it is told"),
            variant(
                "delay", "the request is carried out later",
                [
                    Field(
                        "for", .duration(.milliseconds(1)...Duration.seconds(3600)), .required,
                        "how much later", example: "2s")
                ]),
            variant("tear", "an upload ends half way; half of an answer arrives"),
            variant("conflict", "somebody else commits to the table just before"),
            variant(
                "expireSnapshots",
                "somebody else expires old snapshots, and removes their files, just before"),
        ])

    private static func variant(
        _ name: String, _ meaning: String, _ fields: [Field] = []
    ) -> TaggedShape.Variant {
        TaggedShape.Variant(
            name: name, meaning: meaning, body: RecordShape([of] + fields + selection), beside: [])
    }

    init(_ variant: CheckedVariant) {
        let body = variant.body
        let status = body.has("status") ? Int(body.text("status"))! : 503
        effect =
            switch variant.name {
            case "loseAnswer": .loseAnswer
            case "failAfter": .failAfter(status: status)
            case "refuse": .refuse(status: status)
            case "expireCredentials": .expireCredentials
            case "delay": .delay(body.duration("for"))
            case "tear": .tear
            case "conflict": .conflict
            case "expireSnapshots": .expireSnapshots
            default: preconditionFailure("an effect that the shape does not have")
            }
        requests = body.list("of").compactMap { Request(rawValue: $0.word) }
        from = body.integer("from")
        every = body.integer("every")
        times = body.has("times") ? body.integer("times") : nil
        share = body.integer("share")
    }
}
