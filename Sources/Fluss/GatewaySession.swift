import Cluster

/// One connection of a client: who it is, once it has said so.
final class GatewaySession {
    let host: String
    /// Nil until the client has said who it is.
    var caller: Caller?
    private var failureCount = 0
    private static let failureLimit = 3

    init(host: String, _ access: AccessConfiguration) {
        self.host = host
        if access.isOpen { caller = Caller(.anonymous, host: host) }
    }

    /// Whether so many wrong secrets were given that the connection ends.
    var isGivenUp: Bool { failureCount >= Self.failureLimit }

    func failed() { failureCount += 1 }
}

/// What a call needs, for the caller to be answered.
struct AccessDemand {
    let operation: AccessOperation
    let resource: AccessResource

    init(_ operation: AccessOperation, _ resource: AccessResource) {
        self.operation = operation
        self.resource = resource
    }
}

extension FlussError {
    init(_ error: AccessError) {
        let code: ErrorCode =
            switch error {
            case .notAuthenticated: .authenticate
            case .denied: .authorization
            case .securityDisabled: .securityDisabled
            }
        self = .refused(code, reason: "\(error)")
    }
}
