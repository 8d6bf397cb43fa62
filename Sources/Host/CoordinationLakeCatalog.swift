import Platform

/// The lake catalog of a cluster of processes: a pointer for each table in the coordination
/// service, where all of them see it.
final class CoordinationLakeCatalog: LakeCatalog {
    private static let root = "/lake/"
    private let coordination: any Coordination

    init(_ coordination: any Coordination) { self.coordination = coordination }

    let metadataWriter = LakeMetadataWriter.committer

    func load(_ table: LakeTableName) async throws -> LakeTableState? {
        try await run(table) {
            try await self.coordination.get(Self.key(table)).map {
                LakeTableState(metadataLocation: String(decoding: $0.value, as: UTF8.self))
            }
        }
    }

    func create(_ table: LakeTableName, _ creation: LakeTableCreation) async throws -> Bool {
        try table.validate()
        if creation.metadataLocation.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        return try await commit(
            table, if: .absent(key: Self.key(table)),
            .put(
                key: Self.key(table), value: Array(creation.metadataLocation.utf8), lease: nil))
    }

    func commit(_ table: LakeTableName, _ commit: LakeTableCommit) async throws -> Bool {
        if commit.replacement.isEmpty {
            throw LakeCatalogError.invalidRequest(reason: "a location is empty")
        }
        let found = try await run(table) { try await self.coordination.get(Self.key(table)) }
        guard let found, found.value == Array(commit.base.utf8) else { return false }
        return try await self.commit(
            table, if: .revision(key: Self.key(table), found.revision),
            .put(key: Self.key(table), value: Array(commit.replacement.utf8), lease: nil))
    }

    func rename(_ table: LakeTableName, to name: LakeTableName) async throws -> Bool {
        try name.validate()
        let found = try await run(table) { try await self.coordination.get(Self.key(table)) }
        guard let found else { return false }
        let transaction = CoordinationTransaction(
            conditions: [
                .revision(key: Self.key(table), found.revision), .absent(key: Self.key(name)),
            ],
            operations: [
                .put(key: Self.key(name), value: found.value, lease: nil),
                .delete(key: Self.key(table)),
            ])
        return try await run(table) {
            try await self.coordination.commit(transaction) != .conflict
        }
    }

    func drop(_ table: LakeTableName) async throws -> Bool {
        let found = try await run(table) { try await self.coordination.get(Self.key(table)) }
        guard let found else { return false }
        return try await commit(
            table, if: .revision(key: Self.key(table), found.revision),
            .delete(key: Self.key(table)))
    }

    func list() async throws -> [LakeTableName] {
        let range = try await run(LakeTableName(namespace: "*", name: "*")) {
            try await self.coordination.range(prefix: Self.root)
        }
        return range.entries.compactMap { Self.table($0.key) }.sorted()
    }

    // MARK: Keys

    /// The length of the namespace tells it from the name, whatever characters they have.
    private static func key(_ table: LakeTableName) -> String {
        "\(root)\(table.namespace.utf8.count)/\(table.namespace)/\(table.name)"
    }

    private static func table(_ key: String) -> LakeTableName? {
        let rest = key.utf8.dropFirst(root.utf8.count)
        let digits = rest.prefix { $0 != UInt8(ascii: "/") }
        guard let count = Int(String(decoding: digits, as: UTF8.self)), count >= 0 else {
            return nil
        }
        let names = Array(rest.dropFirst(digits.count + 1))
        guard names.count > count, names[count] == UInt8(ascii: "/") else { return nil }
        return LakeTableName(
            namespace: String(decoding: names[..<count], as: UTF8.self),
            name: String(decoding: names[(count + 1)...], as: UTF8.self))
    }

    // MARK: Requests

    private func commit(
        _ table: LakeTableName, if condition: CoordinationTransaction.Condition,
        _ operation: CoordinationTransaction.Operation
    ) async throws -> Bool {
        let transaction = CoordinationTransaction(
            conditions: [condition], operations: [operation])
        return try await run(table) {
            try await self.coordination.commit(transaction) != .conflict
        }
    }

    private func run<Value>(
        _ table: LakeTableName, _ request: () async throws -> Value
    ) async throws -> Value {
        do { return try await request() } catch let error as CoordinationError {
            switch error {
            case .outcomeUnknown: throw LakeCatalogError.outcomeUnknown(table)
            case .invalidRequest(let reason): throw LakeCatalogError.invalidRequest(reason: reason)
            case .unavailable, .leaseExpired: throw LakeCatalogError.unavailable(table)
            }
        }
    }
}
