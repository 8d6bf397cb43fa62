import Changelog
import Cluster
import Columnar
import Fluss
import Iceberg
import JSON
import LakeSQL
import Platform
import UnionRead

/// Why a request is not answered as it was meant, as RFC 9457 writes it:
///
///     {"type": "urn:wavetank:problem:unknownTable", "title": "Not Found", "status": 404,
///      "code": "unknownTable", "detail": "there is no table named shop.clicks"}
///
/// Programs go by the status and, where it says too little, by the code. 503 means that nothing was
/// done and the same request may be sent again; 504 with `outcomeUnknown` that it may have been.
struct WebProblem: Error, Hashable {
    var status: Int
    var code: String
    var detail: String
    /// Members beside these.
    var members: [JSONMember] = []
    /// The methods that there are instead.
    var allowed: [String] = []

    init(_ status: Int, _ code: String, _ detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    static func badRequest(_ detail: String) -> WebProblem { WebProblem(400, "badRequest", detail) }

    static func unprocessable(_ detail: String) -> WebProblem {
        WebProblem(422, "invalid", detail)
    }

    var isRetriable: Bool { status == 503 }

    var response: WebResponse {
        var response = WebResponse(
            json: .object(
                [
                    JSONMember("type", .string("urn:wavetank:problem:\(code)")),
                    JSONMember("title", .string(Self.titles[status] ?? "Error")),
                    JSONMember("status", .integer(Int64(status))),
                    JSONMember("code", .string(code)), JSONMember("detail", .string(detail)),
                ] + members), status: status)
        response.headers = [WebRequest.Parameter("content-type", Self.mediaType)]
        if isRetriable { response.headers.append(WebRequest.Parameter("retry-after", "1")) }
        if status == 401 {
            response.headers.append(
                WebRequest.Parameter(
                    "www-authenticate", "Basic realm=\"wavetank\", charset=\"UTF-8\""))
        }
        if !allowed.isEmpty {
            response.headers.append(
                WebRequest.Parameter("allow", allowed.joined(separator: ", ")))
        }
        return response
    }

    static let mediaType = "application/problem+json"

    static let titles = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 406: "Not Acceptable",
        409: "Conflict", 410: "Gone", 413: "Content Too Large", 415: "Unsupported Media Type",
        422: "Unprocessable Content", 500: "Internal Server Error", 503: "Service Unavailable",
        504: "Gateway Timeout",
    ]

    // MARK: Of the engine's errors

    /// What a client is told of an error; nil of one that is not about the request.
    static func of(_ error: any Error) -> WebProblem? {
        switch error {
        case let problem as WebProblem: problem
        case let error as ClusterError: WebProblem(error)
        case let error as AccessError: WebProblem(error)
        case let error as UnionReadError: WebProblem(error)
        case let error as IcebergError: WebProblem(error)
        case let error as LogSourceError: WebProblem(error)
        case let error as SQLQuestionError: WebProblem(error)
        case let error as FlussError: .unprocessable("\(error)")
        case let error as JSONError: .badRequest("the body: \(error)")
        case ColumnarError.tooLarge(let byteCount, let limit):
            WebProblem(413, "tooLarge", "\(byteCount) bytes are over the limit of \(limit)")
        case let error as ColumnarError: .unprocessable("\(error)")
        case is CoordinationError, is LakeCatalogError, is ObjectStoreError:
            WebProblem(503, "unavailable", "\(error)")
        default: nil
        }
    }

    private init(_ error: ClusterError) {
        let (status, code): (Int, String) =
            switch error {
            case .unknownTable: (404, "unknownTable")
            case .unknownDatabase: (404, "unknownDatabase")
            case .unknownPartition: (404, "unknownPartition")
            case .unknownRebalance: (404, "unknownRebalance")
            case .tableExists: (409, "tableExists")
            case .databaseExists: (409, "databaseExists")
            case .databaseNotEmpty: (409, "databaseNotEmpty")
            case .partitionExists: (409, "partitionExists")
            case .outOfOrderSequence: (409, "outOfOrderSequence")
            case .unknownWriter: (409, "unknownWriter")
            case .tooLarge: (413, "tooLarge")
            case .offsetOutOfRange(_, let offset, let start, _):
                offset < start ? (410, "expired") : (422, "offsetOutOfRange")
            case .invalidRequest: (422, "invalid")
            case .notLeader, .unknownBucket, .fencedEpoch, .notEnoughReplicas, .recovering, .busy,
                .timedOut, .scanExpired:
                (503, "unavailable")
            case .unsupportedAPI, .unsupportedFormat, .damaged, .malformedMessage:
                (500, "internal")
            }
        self.init(status, code, "\(error)")
    }

    private init(_ error: UnionReadError) {
        switch error {
        case .unknownPartition: self.init(404, "unknownPartition", "\(error)")
        case .lakeAhead, .logIncomplete, .notCommittedYet, .laterSchema:
            self.init(503, "unavailable", "\(error)")
        case .invalidRequest: self.init(422, "invalid", "\(error)")
        case .inconsistent: self.init(500, "internal", "\(error)")
        }
    }

    private init(_ error: IcebergError) {
        switch error {
        case .unavailable, .tooManyConflicts, .outcomeUnknown:
            self.init(503, "unavailable", "\(error)")
        case .noSuchTable, .noSuchSnapshot: self.init(404, "unknownSnapshot", "\(error)")
        case .unsupported: self.init(422, "invalid", "\(error)")
        case .otherTable: self.init(409, "otherTable", "\(error)")
        case .damaged: self.init(500, "internal", "\(error)")
        }
    }

    private init(_ error: SQLQuestionError) {
        let code =
            switch error {
            case .statement: "invalidSQL"
            case .unknownTable: "unknownTable"
            case .notReading: "readOnly"
            case .overLimit: "overLimit"
            }
        self.init(422, code, "\(error)")
    }

    private init(_ error: LogSourceError) {
        switch error {
        case .unavailable: self.init(503, "unavailable", "\(error)")
        case .expired: self.init(410, "expired", "\(error)")
        case .damaged: self.init(500, "internal", "\(error)")
        }
    }
}
