/// A page that the gateway serves to people: it asks the routes beside it, and no other address.
public struct WebPage: Hashable, Sendable {
    public var markup: String
    public var style: String
    public var script: String

    public init(markup: String, style: String, script: String) {
        self.markup = markup
        self.style = style
        self.script = script
    }

    /// What a browser may do with it: load these parts, and ask this server.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// Precondition: the operation is one of the page's.
    func response(_ operation: WebRoute.Operation) -> WebResponse {
        let (type, text): (String, String) =
            switch operation {
            case .page: ("text/html", markup)
            case .pageStyle: ("text/css", style)
            case .pageScript: ("text/javascript", script)
            default: preconditionFailure("\(operation) is answered elsewhere")
            }
        var response = WebResponse(200, type + "; charset=utf-8", Array(text.utf8))
        response.headers += [
            WebRequest.Parameter("content-security-policy", Self.policy),
            WebRequest.Parameter("x-content-type-options", "nosniff"),
            WebRequest.Parameter("referrer-policy", "no-referrer"),
            // Another build of the program may serve another page at the same address.
            WebRequest.Parameter("cache-control", "no-cache"),
        ]
        return response
    }
}
