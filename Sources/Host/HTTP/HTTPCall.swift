import NIOHTTP1

/// A request to an HTTP server.
struct HTTPCall: Sendable {
    var method: HTTPMethod
    /// Path and query as they are sent, escaped.
    var target: String
    /// What the server is called; nil for its address.
    var host: String?
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
}

/// What an HTTP server answered, whole.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]
}

/// Why a call has no answer, told apart by what that means for its effect.
enum HTTPFailure: Error, Sendable, CustomStringConvertible {
    /// Nothing of the request left this machine.
    case notSent(reason: String)
    /// Some of it may have arrived, and been carried out.
    case inDoubt(reason: String)

    var description: String {
        switch self {
        case .notSent(let reason): "not sent: \(reason)"
        case .inDoubt(let reason): "sent, and not answered: \(reason)"
        }
    }
}
