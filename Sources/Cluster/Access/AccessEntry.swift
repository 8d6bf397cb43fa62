import Columnar

/// That somebody may do something, from some host: `Principal P is allowed operation O from host H`
/// on the resource whose list it is in.
///
/// Source: Fluss's `AccessControlEntry`, whose only permission is to allow.
public struct AccessEntry: Hashable, Comparable, Sendable {
    public static let anyHost = "*"

    public var principal: Principal
    public var host: String
    public var operation: AccessOperation

    public init(
        _ principal: Principal, _ operation: AccessOperation, host: String = AccessEntry.anyHost
    ) {
        self.principal = principal
        self.host = host
        self.operation = operation
    }

    public static func < (left: AccessEntry, right: AccessEntry) -> Bool {
        if left.principal != right.principal { return left.principal < right.principal }
        return (left.operation.rawValue, left.host) < (right.operation.rawValue, right.host)
    }

    /// Whether it lets a caller do something.
    func allows(_ caller: Caller, _ operation: AccessOperation) -> Bool {
        (principal == caller.principal || principal == .everyone)
            && (host == Self.anyHost || host == caller.host)
            && self.operation.implies(operation)
    }

    /// What is wrong with it; nil if it is fine.
    var objection: String? {
        if let objection = principal.objection { return objection }
        return host.isEmpty || host.utf8.count > 255 ? "a host has 1 to 255 bytes, or is *" : nil
    }
}

/// An entry of the list of a resource.
public struct AccessBinding: Hashable, Comparable, Sendable {
    public var resource: AccessResource
    public var entry: AccessEntry

    public init(_ resource: AccessResource, _ entry: AccessEntry) {
        self.resource = resource
        self.entry = entry
    }

    public static func < (left: AccessBinding, right: AccessBinding) -> Bool {
        left.resource == right.resource
            ? left.entry < right.entry : left.resource < right.resource
    }
}

/// Which entries are meant; nil members match everything.
public struct AccessFilter: Hashable, Sendable {
    public var kind: AccessResource.Kind?
    /// Of the kind; without a kind it matches everything.
    public var resourceName: String?
    public var principal: Principal?
    public var host: String?
    public var operation: AccessOperation?

    public init() {}

    func matches(_ resource: AccessResource) -> Bool {
        guard let kind else { return true }
        return kind == resource.kind && (resourceName == nil || resourceName == resource.name)
    }

    func matches(_ entry: AccessEntry) -> Bool {
        (principal == nil || principal == entry.principal)
            && (host == nil || host == entry.host)
            && (operation == nil || operation == entry.operation)
    }
}

/// The entries of one resource, as they stand in the coordination service.
///
///     entries  list of: principal type, principal name, host as strings, operation i32
struct AccessList: StoredValue, Hashable {
    static let entryCountLimit = 1000

    /// In order, none twice.
    let entries: [AccessEntry]

    init(_ entries: some Sequence<AccessEntry>) { self.entries = Set(entries).sorted() }

    func encode(into writer: inout ByteWriter) {
        writer.append(list: entries) {
            $0.append(string: $1.principal.type)
            $0.append(string: $1.principal.name)
            $0.append(string: $1.host)
            $0.append(littleEndian: $1.operation.rawValue)
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        entries = try reader.readList { (reader) throws(ColumnarError) in
            let position = reader.position
            let principal = Principal(
                type: try reader.readString(), name: try reader.readString())
            let host = try reader.readString()
            let number: Int32 = try reader.readLittleEndian()
            guard let operation = AccessOperation(rawValue: number) else {
                throw .corrupt(reason: "no operation \(number)", position: position)
            }
            return AccessEntry(principal, operation, host: host)
        }
    }
}
