import Platform

/// How rows stand in the body of a request or an answer.
enum RowFormat: String, CaseIterable {
    /// One JSON text: an array of objects; in a request one object, too.
    case json
    /// An object a line.
    case ndjson
    /// A stream of Arrow's IPC format.
    case arrow

    var mediaType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .arrow: "application/vnd.apache.arrow.stream"
        }
    }

    private var names: [String] {
        switch self {
        case .json: [mediaType]
        case .ndjson: [mediaType, "application/ndjson", "application/jsonl"]
        case .arrow: [mediaType]
        }
    }

    private static func named(_ mediaType: some StringProtocol) -> RowFormat? {
        let name = bare(mediaType)
        return allCases.first { $0.names.contains(name) }
    }

    /// The type without its parameters, in lower case.
    private static func bare(_ mediaType: some StringProtocol) -> String {
        let type = mediaType.split(separator: ";", maxSplits: 1).first ?? ""
        return String(type.filter { $0 != " " }).lowercased()
    }

    /// What a request says that its body is; JSON where it says nothing.
    init(ofBodyOf request: WebRequest) throws(WebProblem) {
        guard let type = request.header("content-type") else {
            self = .json
            return
        }
        guard let format = Self.named(type) else {
            let known = Self.allCases.map(\.mediaType).joined(separator: ", ")
            throw WebProblem(415, "unsupportedMediaType", "a body of \(type): send \(known)")
        }
        self = format
    }

    /// What a request wants to be answered with: what it names in the query, else the first that
    /// it accepts, else JSON.
    init(ofAnswerTo request: WebRequest) throws(WebProblem) {
        if let name = request.parameter("format").flatMap({ RowFormat(rawValue: $0) }) {
            self = name
            return
        }
        guard let accepted = request.header("accept"), !accepted.isEmpty else {
            self = .json
            return
        }
        for part in accepted.split(separator: ",") {
            if let format = Self.named(part) {
                self = format
                return
            }
            if ["*/*", "application/*"].contains(Self.bare(part)) {
                self = .json
                return
            }
        }
        let known = Self.allCases.map(\.mediaType).joined(separator: ", ")
        throw WebProblem(406, "notAcceptable", "\(accepted) is not had here: accept \(known)")
    }
}
