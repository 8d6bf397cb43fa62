import Platform

extension ClusterClient {
    /// Adds entries to the list of a resource, and waits until this client sees them.
    ///
    /// - Throws: `ClusterError.invalidRequest` about a name, an entry, or a list that grows too
    ///   long.
    public func grant(_ entries: [AccessEntry], on resource: AccessResource) async throws {
        if let objection = resource.objection ?? entries.lazy.compactMap(\.objection).first {
            throw ClusterError.invalidRequest(reason: "access to \(resource): \(objection)")
        }
        try await changeAccess(to: resource) { known in known + entries }
    }

    /// Takes the entries that a filter means from the list of a resource.
    ///
    /// - Returns: Those that were there, in order.
    public func revoke(
        _ filter: AccessFilter, on resource: AccessResource
    ) async throws -> [AccessEntry] {
        var taken: [AccessEntry] = []
        try await changeAccess(to: resource) { known in
            taken = known.filter(filter.matches)
            return known.filter { !filter.matches($0) }
        }
        return taken
    }

    /// Swaps the list for another; done twice it is as done once, so doubt is tried again.
    private func changeAccess(
        to resource: AccessResource, _ change: ([AccessEntry]) -> [AccessEntry]
    ) async throws {
        let key = MetadataKey.access(resource).text
        let deadline = machine.clock.now + configuration.callTimeout * 4
        var retry = Backoff(configuration)
        while true {
            do {
                let found = try await machine.coordination.get(key)
                let known = try found.map { try mirror.read(AccessList.self, from: $0.value) }
                let list = AccessList(change(known?.entries ?? []))
                if list.entries.count > AccessList.entryCountLimit {
                    throw ClusterError.invalidRequest(
                        reason: "the access list of \(resource) would have "
                            + "\(list.entries.count) entries; at most "
                            + "\(AccessList.entryCountLimit) are kept")
                }
                if list.entries == known?.entries ?? [] { return try await seen(resource, list) }
                let condition: CoordinationTransaction.Condition =
                    found.map { .revision(key: key, $0.revision) } ?? .absent(key: key)
                let operation: CoordinationTransaction.Operation =
                    list.entries.isEmpty
                    ? .delete(key: key) : .put(key: key, value: mirror.stored(list), lease: nil)
                let result = try await machine.coordination.commit(
                    CoordinationTransaction(conditions: [condition], operations: [operation]))
                if case .committed = result { return try await seen(resource, list) }
                machine.observer.reached("access list changed by another")
            } catch let error as CoordinationError {
                if machine.clock.now > deadline { throw error }
            }
            try await machine.sleep(retry.next(machine.entropy))
        }
    }

    /// Waits until this client's mirror shows the list, or what another made of it since.
    private func seen(_ resource: AccessResource, _ list: AccessList) async throws {
        let before = mirror.accessLists[resource] ?? []
        let deadline = machine.clock.now + .seconds(2)
        while (mirror.accessLists[resource] ?? []) == before && before != list.entries {
            if try await !mirror.changed.wait(until: deadline) { return }
        }
    }
}
