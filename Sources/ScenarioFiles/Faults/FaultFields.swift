/// Parameters that several kinds of faults have.
enum FaultFields {
    static let node = Field(
        "node", .oneOrMany(.node), .required, "the node it happens to; a list makes one fault each",
        example: "server-1")
    static let anyNode = Field(
        "node", .oneOrMany(.node), .optional, "the node whose links; every link when absent",
        example: "server-1")
    static let factor = Field(
        "factor", .integer(2...10_000), .required, "how many times as long", example: "20")
    static let file = Field(
        "file", .text(maximumLength: 200), .optional,
        "some text of the file's path; any file when absent", example: ".log")

    static func rate(_ meaning: String) -> Field {
        Field("rate", .share, .required, meaning, example: "5%")
    }

    static func bytes(_ meaning: String, _ example: String) -> Field {
        Field("bytes", .byteCount(0...(1 << 50)), .required, meaning, example: example)
    }

    static func by(_ meaning: String, _ example: String) -> Field {
        Field("by", .duration(.zero...(.seconds(600))), .required, meaning, example: example)
    }
}
