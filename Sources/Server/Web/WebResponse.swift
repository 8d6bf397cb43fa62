public import JSON

/// An answer of HTTP.
public struct WebResponse: Hashable, Sendable {
    public var status: Int
    public var headers: [WebRequest.Parameter]
    public var body: [UInt8]
    /// The size of a body that is only spoken of, for an answer to HEAD.
    public var impliedByteCount: Int64?
    /// How much of it reaches the client.
    public var delivery = Delivery.whole

    public enum Delivery: Hashable, Sendable {
        case whole
        /// The connection ends after so many bytes of the body.
        case cut(afterByteCount: Int)
        /// The connection ends without an answer.
        case none
    }

    public init(_ status: Int, _ type: String, _ body: [UInt8]) {
        self.status = status
        headers = [WebRequest.Parameter("content-type", type)]
        self.body = body
    }

    public init(json: JSONValue, status: Int = 200) {
        self.init(status, "application/json", Array(json.compact.utf8))
    }

    public init(text: String, status: Int = 200) {
        self.init(status, "text/plain; charset=utf-8", Array(text.utf8))
    }

    /// What went wrong, in the form that `WebProblem` has.
    public static func failure(_ status: Int, _ message: String) -> WebResponse {
        WebProblem(status, "refused", message).response
    }
}
