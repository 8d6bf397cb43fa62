import Platform

/// Which of the jobs that could run at one instant runs first.
public enum JobOrder: String, Hashable, Sendable, CaseIterable {
    /// The one that became ready first.
    case inOrder
    /// Any of them, drawn evenly: what a Swift executor may do, though few ever do.
    case random
    /// The one with the highest of priorities that are drawn as jobs become ready; now and then a
    /// job has to let all others go first. Few such turns find most mistakes of order, which is the
    /// idea of probabilistic concurrency testing (Burckhardt et al., 2010).
    case prioritized
}

/// The jobs that are ready, in the order in which they are to run.
struct ReadyJobs {
    /// One job in so many is made to let others go first.
    private static let yieldInterval: UInt64 = 2000

    private let order: JobOrder
    private let random: RandomStream
    private var jobs: [UnownedJob] = []
    private var head = 0
    /// One a job, where they count.
    private var priorities: [UInt64] = []

    init(_ order: JobOrder, seed: UInt64, _ epoch: RandomEpoch) {
        self.order = order
        random = RandomStream(seed: seed, label: "schedule", epoch: epoch)
    }

    var isEmpty: Bool { head == jobs.count }

    mutating func append(_ job: UnownedJob) {
        jobs.append(job)
        if order == .prioritized { priorities.append(random.next() | 1) }
    }

    mutating func append(contentsOf more: [UnownedJob]) {
        for job in more { append(job) }
    }

    mutating func next() -> UnownedJob? {
        if head == jobs.count { return nil }
        if order != .inOrder { choose() }
        let job = jobs[head]
        head += 1
        if head == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            priorities.removeAll(keepingCapacity: true)
            head = 0
        }
        return job
    }

    /// Brings the job that is to run next to the front.
    private mutating func choose() {
        if head + 1 == jobs.count { return }
        switch order {
        case .inOrder: break
        case .random: swap(with: head + random.next(in: 0..<(jobs.count - head)))
        case .prioritized:
            if random.chance(1, in: Self.yieldInterval) { priorities[highest] = 0 }
            swap(with: highest)
        }
    }

    private var highest: Int {
        var found = head
        for position in head..<jobs.count where priorities[position] > priorities[found] {
            found = position
        }
        return found
    }

    private mutating func swap(with position: Int) {
        jobs.swapAt(head, position)
        if order == .prioritized { priorities.swapAt(head, position) }
    }
}
