import Host
import Server

extension HTTPServer.Response {
    /// An answer of the engine, as the sockets take it.
    init(_ response: WebResponse) {
        self.init(
            status: response.status, headers: response.headers.map { ($0.name, $0.value) },
            body: response.body, impliedByteCount: response.impliedByteCount)
        switch response.delivery {
        case .whole: break
        case .cut(let count): cutAfterByteCount = count
        case .none: isLost = true
        }
    }
}

extension WebRequest {
    /// A request as the sockets bring it; nil if its target cannot be read.
    init?(_ request: HTTPServer.Request) {
        self.init(
            method: request.method, target: request.target,
            headers: request.headers.map { WebRequest.Parameter($0.name, $0.value) },
            body: request.body)
    }
}
