/// Why a call of the Fluss protocol is not answered as it was meant; what the client is told.
///
/// The numbers are upstream's (`Errors.java`): clients decide by them whether to try again.
public enum FlussError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are no message of the protocol.
    case malformed(reason: String)
    /// The API key, or that version of it, is not known here.
    case unsupported(apiKey: Int16, version: Int16)
    /// Any other refusal, with the code that a client acts on.
    case refused(ErrorCode, reason: String)

    /// The codes that this server gives.
    public enum ErrorCode: Int32, Sendable, CaseIterable {
        case unknownServerError = -1
        case none = 0
        case networkException = 1
        case unsupportedVersion = 2
        case corruptMessage = 3
        case databaseNotExist = 4
        case databaseNotEmpty = 5
        case databaseAlreadyExist = 6
        case tableNotExist = 7
        case tableAlreadyExist = 8
        case schemaNotExist = 9
        case logStorage = 10
        case keyValueStorage = 11
        case notLeaderOrFollower = 12
        case recordTooLarge = 13
        case corruptRecord = 14
        case invalidTable = 15
        case invalidDatabase = 16
        case invalidRequiredAcks = 18
        case logOffsetOutOfRange = 19
        case nonPrimaryKeyTable = 20
        case unknownTableOrBucket = 21
        case requestTimeOut = 25
        case storage = 26
        case notEnoughReplicasAfterAppend = 28
        case notEnoughReplicas = 29
        case outOfOrderSequence = 31
        case duplicateSequence = 32
        case unknownWriterId = 33
        case invalidColumnProjection = 34
        case invalidTargetColumn = 35
        case partitionNotExists = 36
        case tableNotPartitioned = 37
        case invalidTimestamp = 38
        case invalidConfig = 39
        case partitionAlreadyExists = 42
        case partitionSpecInvalid = 43
        case leaderNotAvailable = 44
        case authenticate = 46
        case securityDisabled = 47
        case authorization = 48
        case invalidAlterTable = 56
        case deletionDisabled = 57
        case serverNotExist = 58
        case rebalanceFailure = 61
        case noRebalanceInProgress = 62
        case invalidScanRequest = 68
        case storageBackpressure = 72
    }

    public var code: ErrorCode {
        switch self {
        case .malformed: .corruptMessage
        case .unsupported: .unsupportedVersion
        case .refused(let code, _): code
        }
    }

    public var description: String {
        switch self {
        case .malformed(let reason): "not a message of the Fluss protocol: \(reason)"
        case .unsupported(let key, let version):
            "API key \(key) in version \(version) is not supported by this server"
        case .refused(let code, let reason): "\(code): \(reason)"
        }
    }
}
