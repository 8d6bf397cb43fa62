import Cluster
import Columnar
import Platform
import ScenarioFiles
import Workloads

/// What users do to the workload's tables: by a date, or drawn.
///
/// Each act is done through a client, as a user would, and done to its end: the client asks again
/// until it knows what came of it.
extension WorkloadDriver {
    /// Does, beside the writers, what a scenario says that users do to its tables.
    func startActs(of scenario: Scenario, seed: UInt64, with client: ClusterClient) {
        let started = client.machine.clock.now
        client.machine.spawn("acts") {
            try await self.perform(
                scenario.acts, started: started, isFirst: self.position == 0, with: client)
        }
        for (number, drawn) in scenario.drawnActs.enumerated() {
            client.machine.spawn("drawn acts") {
                try await self.perform(
                    drawn, seed: seed, label: "\(self.position) \(number)", started: started,
                    with: client)
            }
        }
    }

    /// Does the acts of a scenario to this workload's tables, those of one date in their order; the
    /// first workload's client also does what is done to the cluster.
    func perform(
        _ acts: [ScenarioAct], started: Instant, isFirst: Bool, with client: ClusterClient
    ) async throws {
        for act in acts {
            guard let position = position(of: act, isFirst: isFirst) else { continue }
            try await client.machine.sleep(until: started + act.at)
            if isStopped { return }
            switch act.kind {
            case .reassign(let bucket, let servers, let patience):
                try await reassign(position, cancelAfter: patience, with: client) { buckets in
                    let place = buckets[bucket % buckets.count]
                    return (place, servers.isEmpty ? self.others(place, client) : servers)
                }
            case .rebalance(let goals, let patience):
                try await rebalance(goals, cancelAfter: patience, with: client)
            case .alter(let changes):
                try await alter(position, with: client) { _ in changes }
            case .drop(let absence):
                try await drop(position, absence: absence, with: client)
            case .dropDatabase(let name, let absence):
                try await dropDatabase(name, absence: absence, with: client)
            case .dropPartition(let name):
                try await dropPartition(position, with: client) { _ in name }
            }
        }
    }

    /// The table that an act is of, or the first of a database; nil where another workload does it.
    private func position(of act: ScenarioAct, isFirst: Bool) -> Int? {
        if case .dropDatabase(let name, _) = act.kind {
            return slots.firstIndex { $0.definition.database == name }
        }
        if act.table == nil { return isFirst ? Self.clusterPosition : nil }
        return slots.firstIndex { $0.definition.name == act.table }
    }

    /// Draws acts and does them, until it is too late for others.
    func perform(
        _ drawn: DrawnActs, seed: UInt64, label: String, started: Instant,
        with client: ClusterClient
    ) async throws {
        var draw = ActDraw(seed: seed, label: label)
        let placesMatter = drawn.kinds.contains(where: \.isOfPlacement)
        let positions = slots.indices.filter { placesMatter || slots[$0].definition.isEvolving }
        if positions.isEmpty { return }
        var date = drawn.from + draw.interval(drawn.every)
        while date < drawn.until {
            let moment = started + date
            if client.machine.clock.now < moment { try await client.machine.sleep(until: moment) }
            if isStopped { return }
            let position = draw.choose(positions)
            let kind = draw.choose(drawn.kinds)
            if kind.isOfPlacement {
                try await place(kind, position, &draw, with: client)
            } else if !slots[position].definition.isEvolving {
                date += draw.interval(drawn.every)
                continue
            } else if kind == .dropTable {
                try await drop(
                    position, absence: draw.interval(.seconds(3)), with: client)
            } else if kind == .dropDatabase {
                if let name = slots[position].definition.database {
                    try await dropDatabase(
                        name, absence: draw.interval(.seconds(3)), with: client)
                }
            } else if kind == .dropPartition {
                try await dropPartition(position, with: client) { names in
                    names.isEmpty ? nil : draw.choose(names)
                }
            } else {
                try await alter(position, with: client) { table in
                    draw.change(kind, of: table).map { [$0] } ?? []
                }
            }
            date += draw.interval(drawn.every)
        }
    }

    private func alter(
        _ position: Int, with client: ClusterClient,
        _ changes: (TableDescription) -> [TableChange]
    ) async throws {
        try await alone([position], client.machine) {
            guard let before = slots[position].present else { return }
            let changes = changes(before)
            if changes.isEmpty { return }
            let text = "\(before.name) is altered: \(changes)"
            client.machine.observer.note(.information, text)
            acts[position] = text
            guard let expected = try? before.applying(changes) else {
                // It is of the table as the file has it, and drawn acts came first.
                client.machine.observer.note(
                    .information, "\(text): not any more: it is another by now")
                return
            }
            do {
                let table = try await client.alterTable(before.path, changes)
                slots[position].learned(table)
                workload.learned(table.schema, of: position)
                if table.schema != expected.schema {
                    client.machine.observer.note(
                        .error, "\(text), and has the columns \(table.schema.fields) then")
                }
                // What the engine's own rules expect here may be wrong as well.
                let isSet = changes.allSatisfy { change in
                    guard case .setProperty(let name, let value) = change else { return true }
                    return table.properties.value(name) == value
                }
                if table.properties != expected.properties || !isSet {
                    client.machine.observer.note(
                        .error, "\(text): its properties are others than were set")
                }
            } catch let error as ClusterError {
                client.machine.observer.note(.error, "\(text), which is refused: \(error)")
            }
        }
    }

    private func drop(
        _ position: Int, absence: Duration, with client: ClusterClient
    ) async throws {
        try await alone([position], client.machine) {
            guard let table = slots[position].present else { return }
            forget(table, position, client.machine)
            do {
                try await client.dropTable(table.path)
                acts[position] = "\(table.name) is created again"
                try await client.machine.sleep(absence)
                try await createAgain(table, position, with: client)
            } catch let error as ClusterError {
                client.machine.observer.note(
                    .error, "\(table.name) cannot be dropped and created again: \(error)")
            }
        }
    }

    /// Drops a database with its tables, all of which are this workload's.
    private func dropDatabase(
        _ name: String, absence: Duration, with client: ClusterClient
    ) async throws {
        let positions = slots.indices.filter { slots[$0].definition.database == name }
        try await alone(positions, client.machine) {
            let tables = positions.compactMap { position in
                slots[position].present.map { (position, $0) }
            }
            if tables.isEmpty { return }
            client.machine.observer.note(.information, "database \(name) is dropped")
            for (position, table) in tables { forget(table, position, client.machine) }
            do {
                try await client.dropDatabase(name, isCascading: true)
                try await client.machine.sleep(absence)
                for (position, table) in tables {
                    acts[position] = "\(table.name) is created again"
                    try await createAgain(table, position, with: client)
                }
            } catch let error as ClusterError {
                client.machine.observer.note(
                    .error, "database \(name) cannot be dropped and created again: \(error)")
            }
        }
    }

    /// From here on what is written may be refused.
    private func forget(_ table: TableDescription, _ position: Int, _ machine: Machine) {
        machine.observer.note(.information, "\(table.name) is dropped")
        acts[position] = "\(table.name) is dropped"
        slots[position].drop()
        workload.learned(nil, of: position)
        onDropped(table.identifier)
    }

    private func createAgain(
        _ former: TableDescription, _ position: Int, with client: ClusterClient
    ) async throws {
        try await create(position, with: client)
        client.machine.observer.note(.information, "\(former.name) is created again")
        if slots[position].present?.identifier == former.identifier {
            client.machine.observer.note(
                .error, "\(former.name) was dropped, and is the same table again")
        }
    }

    /// Drops a partition that is chosen by its name.
    private func dropPartition(
        _ position: Int, with client: ClusterClient, _ choice: ([String]) -> String?
    ) async throws {
        try await alone([position], client.machine) {
            guard let table = slots[position].present else { return }
            let names = client.mirror.partitions(of: table.identifier).map(\.name)
            guard let name = choice(names), names.contains(name) else { return }
            client.machine.observer.note(
                .information, "partition \(name) of \(table.name) is dropped")
            acts[position] = "partition \(name) of \(table.name) is dropped"
            // From here on what is written there goes to the one or to the next.
            slots[position].exempt(partition: name)
            do {
                try await client.dropPartition(name, of: table)
            } catch ClusterError.unknownPartition {
                // It was too old, or this is an answer that was lost.
            } catch let error as ClusterError {
                client.machine.observer.note(
                    .error, "partition \(name) of \(table.name) cannot be dropped: \(error)")
            }
        }
    }

    /// One act at a time for each table.
    func alone(
        _ positions: [Int], _ machine: Machine, _ act: () async throws -> Void
    ) async throws {
        while positions.contains(where: { slots[$0].isBusy }) {
            try await machine.sleep(.milliseconds(100))
        }
        if isStopped { return }
        for position in positions {
            slots[position].isBusy = true
            acts[position] = "something with \(slots[position].definition.name)"
        }
        defer { for position in positions { acts[position] = nil } }
        try await act()
        for position in positions { slots[position].isBusy = false }
    }
}
