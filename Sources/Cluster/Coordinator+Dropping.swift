import Platform

/// Dropping, and collecting what dropped tables leave.
///
/// A table is dropped by one transaction, which takes its entry and its name away and leaves a
/// note of what is to be collected. From then on no leader of it can publish anything: all that it
/// writes is fenced by entries that the collection takes away next. Identifiers never come again,
/// and stand in every path and key, so whatever bears the identifier of a table that has no entry
/// is garbage, whenever it is looked at: nothing is told by its name or its age.
extension Coordinator {
    /// Drops a table, while a further condition holds; one that is gone already is found done.
    func dropTable(
        _ identifier: Int64, while condition: CoordinationTransaction.Condition? = nil
    ) async throws {
        let owner = DroppedOwner(table: identifier, partition: nil)
        guard let entry = try await machine.coordination.get(owner.key) else {
            machine.observer.reached("drop found done")
            return
        }
        let table = try mirror.read(TableDescription.self, from: entry.value)
        var conditions = [CoordinationTransaction.Condition.revision(owner.key, entry)]
        if let condition { conditions.append(condition) }
        var operations: [CoordinationTransaction.Operation] = [
            .delete(key: owner.key), .put(noteKey(of: owner), mirror.stored(table)),
        ]
        let name = MetadataKey.path(table.path).text
        if let path = try await machine.coordination.get(name),
            try mirror.read(StoredCounter.self, from: path.value).last == identifier
        {
            conditions.append(.revision(name, path))
            operations.append(.delete(key: name))
        }
        try await drop(owner, conditions, operations)
        machine.observer.note(.information, "table \(table.path), \(identifier), is dropped")
    }

    /// Drops a partition; one that is gone already is found done.
    func dropPartition(table identifier: Int64, partition: Int64) async throws {
        let owner = DroppedOwner(table: identifier, partition: partition)
        let tableKey = MetadataKey.table(identifier).text
        guard let entry = try await machine.coordination.get(owner.key),
            let tableEntry = try await machine.coordination.get(tableKey)
        else {
            machine.observer.reached("drop found done")
            return
        }
        let known = try mirror.read(PartitionDescription.self, from: entry.value)
        // The table's entry is written as it is: a creation of the partition that is still under
        // way, under the table's former revision, would bring it back.
        try await drop(
            owner, [.revision(owner.key, entry), .revision(tableKey, tableEntry)],
            [
                .delete(key: owner.key),
                .delete(key: MetadataKey.partitionName(table: identifier, known.name).text),
                .put(tableKey, tableEntry.value), .put(noteKey(of: owner), tableEntry.value),
            ])
        machine.observer.note(.information, "\(owner), \(known.name), is dropped")
    }

    private func drop(
        _ owner: DroppedOwner, _ conditions: [CoordinationTransaction.Condition],
        _ operations: [CoordinationTransaction.Operation]
    ) async throws {
        let result = try await machine.coordination.commit(
            CoordinationTransaction(conditions: conditions, operations: operations))
        guard case .committed = result else {
            throw ClusterError.busy(reason: "\(owner) is being changed")
        }
        if owner.partition == nil {
            machine.observer.reached("table dropped")
        } else {
            machine.observer.reached("partition dropped")
        }
    }

    private func noteKey(of owner: DroppedOwner) -> String {
        MetadataKey.dropped(table: owner.table, partition: owner.partition).text
    }

    // MARK: Collecting

    /// As many objects and entries as are collected before other work has its turn.
    private static let collectionLimit = 500

    /// Collects what dropped tables and partitions left, a part of it at a time.
    func collectDropped() async throws {
        for owner in mirror.dropped.keys.sorted() {
            do {
                try await collect(owner)
            } catch let error as ObjectStoreError {
                machine.observer.note(.debug, "what \(owner) left: \(error)")
            } catch let error as CoordinationError {
                machine.observer.note(.debug, "what \(owner) left: \(error)")
            }
        }
    }

    private func collect(_ owner: DroppedOwner) async throws {
        // The note says that it was dropped, and the missing entry that this is so.
        if try await machine.coordination.get(owner.key) != nil {
            machine.observer.note(.error, "\(owner) has a note of its drop, and is there")
            return
        }
        // First the entries: with them goes the last leave to publish an object.
        if try await !collectEntries(of: owner) { return }
        var isEmpty = true
        for folder in ["remote-log/", "snapshots/", "vectors/"] {
            let found = try await machine.objectStore.list(
                prefix: folder + owner.path, after: nil, limit: Self.collectionLimit)
            for object in found {
                isEmpty = false
                try await machine.objectStore.delete(object.key)
                machine.observer.reached("object of a dropped table collected")
            }
        }
        let now = machine.clock.now
        if !isEmpty || emptySince[owner] == nil { emptySince[owner] = now }
        // An upload that was under way when the table was dropped may end much later.
        if now - emptySince[owner]! < configuration.droppedTableWatch { return }
        let result = try await machine.coordination.commit(
            CoordinationTransaction(
                conditions: [], operations: [.delete(key: noteKey(of: owner))]))
        if case .committed = result {
            emptySince[owner] = nil
            machine.observer.reached("dropped table collected")
        }
    }

    /// Takes all entries of a dropped table away; false while some may be left.
    private func collectEntries(of owner: DroppedOwner) async throws -> Bool {
        var prefixes = ["buckets/", "remote-logs/", "snapshots/", "snapshot-leases/"]
        if owner.partition == nil {
            prefixes += ["partitions/", "partition-names/", "consumers/", "consumed/", "holds/"]
        }
        prefixes = prefixes.map { $0 + owner.path }
        var isDone = true
        if owner.partition == nil {
            let counter = MetadataKey.counter(TableDescription.counter(of: owner.table)).text
            _ = try await machine.coordination.commit(
                CoordinationTransaction(conditions: [], operations: [.delete(key: counter)]))
        }
        for prefix in prefixes {
            let range = try await machine.coordination.range(prefix: MetadataKey.root + prefix)
            let keys = range.entries.map(\.key)
            for start in stride(from: 0, to: keys.count, by: Self.transactionLimit) {
                let some = keys[start..<min(keys.count, start + Self.transactionLimit)]
                let result = try await machine.coordination.commit(
                    CoordinationTransaction(
                        conditions: [], operations: some.map { .delete(key: $0) }))
                if case .conflict = result { isDone = false }
            }
        }
        return isDone
    }
}

extension CoordinationTransaction.Condition {
    fileprivate static func revision(_ key: String, _ entry: CoordinationEntry) -> Self {
        .revision(key: key, entry.revision)
    }
}

extension CoordinationTransaction.Operation {
    fileprivate static func put(_ key: String, _ value: [UInt8]) -> Self {
        .put(key: key, value: value, lease: nil)
    }
}
