/// A small linearizable key-value service with compare-and-swap, leases and watches, as etcd has
/// them.
public protocol Coordination: AnyObject {
    func get(_ key: String) async throws -> CoordinationEntry?

    /// All entries whose keys begin with `prefix`, in key order, at one revision.
    func range(prefix: String) async throws -> CoordinationRange

    /// Applies all operations if all conditions hold, or none.
    func commit(_ transaction: CoordinationTransaction) async throws -> CoordinationResult

    /// A lease that ends `duration` after its last renewal, taking its keys with it.
    func grantLease(_ duration: Duration) async throws -> LeaseIdentifier

    /// Renews a lease; `CoordinationError.leaseExpired` if it has ended.
    func renewLease(_ lease: LeaseIdentifier) async throws

    /// Ends a lease now, deleting its keys.
    func revokeLease(_ lease: LeaseIdentifier) async throws

    /// All changes to keys with `prefix` after `revision`, in order, each at least once.
    ///
    /// Events can come late and, after the service lost the connection, again.
    func watch(prefix: String, after revision: Revision) async throws -> any Watch
}

/// Counts the committed changes of the whole service, from 1.
public struct Revision: Hashable, Comparable, Sendable {
    public var number: Int64

    public init(number: Int64) { self.number = number }

    public static let zero = Revision(number: 0)

    public static func < (left: Revision, right: Revision) -> Bool { left.number < right.number }
}

public struct LeaseIdentifier: Hashable, Comparable, Sendable {
    public var number: Int64

    public init(number: Int64) { self.number = number }

    public static func < (left: LeaseIdentifier, right: LeaseIdentifier) -> Bool {
        left.number < right.number
    }
}

public struct CoordinationEntry: Hashable, Sendable {
    public var key: String
    public var value: [UInt8]
    /// The change that wrote this value.
    public var revision: Revision
    public var lease: LeaseIdentifier?

    public init(key: String, value: [UInt8], revision: Revision, lease: LeaseIdentifier?) {
        self.key = key
        self.value = value
        self.revision = revision
        self.lease = lease
    }
}

public struct CoordinationRange: Hashable, Sendable {
    public var entries: [CoordinationEntry]
    /// The revision of the service at which the entries were read; where to watch on from.
    public var revision: Revision

    public init(entries: [CoordinationEntry], revision: Revision) {
        self.entries = entries
        self.revision = revision
    }
}

public struct CoordinationTransaction: Hashable, Sendable {
    public enum Condition: Hashable, Sendable {
        case absent(key: String)
        case revision(key: String, Revision)
    }

    public enum Operation: Hashable, Sendable {
        case put(key: String, value: [UInt8], lease: LeaseIdentifier?)
        case delete(key: String)
    }

    /// As many operations, and as many conditions, are taken: etcd's `max-txn-ops`, unless it is
    /// set to another number.
    public static let sizeLimit = 128

    public var conditions: [Condition]
    public var operations: [Operation]

    /// Throws `.invalidRequest` if the transaction is larger than a service takes.
    public func validate() throws(CoordinationError) {
        if max(conditions.count, operations.count) > Self.sizeLimit {
            throw .invalidRequest(
                reason: "\(conditions.count) conditions and \(operations.count) operations in a "
                    + "transaction: at most \(Self.sizeLimit) of each are taken")
        }
    }

    public init(conditions: [Condition], operations: [Operation]) {
        self.conditions = conditions
        self.operations = operations
    }
}

public enum CoordinationResult: Hashable, Sendable {
    /// All operations were applied, at this revision.
    case committed(Revision)
    /// A condition did not hold; nothing was changed.
    case conflict
}

public protocol Watch: AnyObject {
    /// Waits for the next changes; `CoordinationError.unavailable` ends the watch: range and watch
    /// anew.
    func next() async throws -> [WatchEvent]

    func cancel()
}

public struct WatchEvent: Hashable, Sendable {
    public var key: String
    /// The new entry, or nil if the key was deleted.
    public var entry: CoordinationEntry?
    public var revision: Revision

    public init(key: String, entry: CoordinationEntry?, revision: Revision) {
        self.key = key
        self.entry = entry
        self.revision = revision
    }
}

public enum CoordinationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request had no effect; retry later.
    case unavailable
    /// The request may or may not have had its effect: read back before deciding anything.
    case outcomeUnknown
    case leaseExpired(LeaseIdentifier)
    case invalidRequest(reason: String)

    public var description: String {
        switch self {
        case .unavailable: "the coordination service is unavailable"
        case .outcomeUnknown: "no answer from the coordination service"
        case .leaseExpired(let lease): "lease \(lease.number) has expired"
        case .invalidRequest(let reason): "bad coordination request: \(reason)"
        }
    }
}
