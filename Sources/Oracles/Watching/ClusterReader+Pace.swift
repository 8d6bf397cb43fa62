import Cluster
import Platform

extension ClusterReader {
    /// Asks, beside what else its machine does, each question at its pace; a little of everything
    /// where there are none.
    public func start(
        _ questions: [(Question, Duration)], isStopped: @escaping () -> Bool
    ) {
        for (question, interval) in questions {
            machine.spawn("reader of \(question)") {
                try await self.ask(question, every: interval, isStopped: isStopped)
            }
        }
        if !questions.isEmpty { return }
        machine.spawn("reader") { try await self.run(isStopped: isStopped) }
    }

    /// Asks one kind of question at an even pace until the machine ends or `isStopped` says so.
    ///
    /// The time of an answer counts from when it was due to be asked: a reader that waits for one
    /// answer does not hide how late the next ones are.
    public func ask(
        _ question: Question, every interval: Duration, isStopped: () -> Bool
    ) async throws {
        var due = machine.clock.now
        while true {
            due = due + interval
            if due > machine.clock.now { try await machine.sleep(until: due) }
            if isStopped() { return }
            guard let isAnswered = try await ask(question) else { continue }
            onAnswer(question, isAnswered ? (machine.clock.now - due).nanoseconds : nil)
        }
    }

    /// Whether it was answered; nil where there is nothing yet that could be asked.
    private func ask(_ question: Question) async throws -> Bool? {
        let candidates = tables.filter { table in
            switch question {
            case .lookup, .scan: table.isPrimaryKeyTable
            case .search, .nearRows: table.vectorColumn != nil
            case .unionRead: table.isInLake
            case .follow, .consume: true
            case .filter: table.properties.value("table.statistics.columns") != nil
            }
        }
        if candidates.isEmpty { return nil }
        let table = candidates[random.next(in: 0..<candidates.count)]
        guard let bucket = aBucket(of: table) else { return nil }
        switch question {
        case .lookup:
            if oracles.evidence.logs[bucket]?.keys.isEmpty ?? true { return nil }
            return try await asking(.lookup, of: bucket) { try await lookUp(bucket) } == nil
        case .scan:
            return try await asking(.scan, of: bucket) { try await scan(bucket, whole: false) }
                == nil
        case .search:
            return try await asking(.search) { try await search(bucket, table) } == nil
        case .nearRows:
            return try await asking(.nearRows) { try await findNearest(table) } == nil
        case .unionRead:
            return try await asking(.unionRead) { try await readUnion(table, at: nil) } == nil
        case .follow:
            return try await asking(.follow) { try await follow(bucket) } == nil
        case .filter:
            return try await asking(.filter) { try await readWanted(bucket, table) } == nil
        case .consume:
            return try await asking(.consume) { try await consume(bucket, table) } == nil
        }
    }
}
