import Glibc
import JSON
import RunReports

/// Runs seeds in processes of this program, some at a time: a trap in one is a finding and no more.
struct SeedProcesses {
    let title: String
    let program: String
    let options: SeedOptions

    private struct Worker {
        var seed: UInt64
        var process: pid_t
        var output: Int32
        var said: [UInt8] = []
        var isSecond: Bool
        var deadline: Int
        var isLate = false
    }

    /// One result of all seeds.
    func run() -> HuntReport {
        var found: [UInt64: HuntReport.Seed] = [:]
        var workers: [Worker] = []
        // Lazy: there may be millions.
        var waiting = options.seeds.lazy.flatMap { seed in
            options.isTwice ? [(seed, false), (seed, true)] : [(seed, false)]
        }.makeIterator()
        var isExhausted = false
        while true {
            while !isExhausted && workers.count < options.jobs {
                guard let (seed, isSecond) = waiting.next() else {
                    isExhausted = true
                    break
                }
                if let worker = start(seed, isSecond: isSecond) {
                    workers.append(worker)
                } else {
                    found[seed] = ended(seed, .refused, "its process could not be started")
                }
            }
            if workers.isEmpty { break }
            wait(for: &workers) { worker in
                let result = result(of: worker)
                found[worker.seed] = found[worker.seed].map { merge($0, result) } ?? result
            }
        }
        return HuntReport(found.keys.sorted().map { found[$0]! })
    }

    private func start(_ seed: UInt64, isSecond: Bool) -> Worker? {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { return nil }
        // A worker must not hold the ends of the others' pipes.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        let words = [program, "\(seed)", "--as-worker"]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        var process: pid_t = 0
        if posix_spawn(&process, "/proc/self/exe", &actions, nil, &arguments, environ) != 0 {
            close(ends[0])
            return nil
        }
        return Worker(
            seed: seed, process: process, output: ends[0], isSecond: isSecond,
            deadline: time(nil) + options.patience)
    }

    /// Takes what workers say, until one or more have ended.
    private func wait(for workers: inout [Worker], _ onEnd: (Worker) -> Void) {
        var polls = workers.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
        _ = poll(&polls, nfds_t(polls.count), 500)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var ended: [Int] = []
        for (position, state) in polls.enumerated() {
            if workers[position].deadline < time(nil) && !workers[position].isLate {
                workers[position].isLate = true
                kill(workers[position].process, SIGKILL)
            }
            if state.revents == 0 { continue }
            let count = read(state.fd, &chunk, chunk.count)
            if count > 0 {
                workers[position].said += chunk[..<count]
            } else if count == 0 {
                ended.append(position)
            }
        }
        for position in ended.reversed() {
            close(workers[position].output)
            onEnd(workers.remove(at: position))
        }
    }

    private func result(of worker: Worker) -> HuntReport.Seed {
        var status: Int32 = 0
        while waitpid(worker.process, &status, 0) < 0 && errno == EINTR {}
        if worker.isLate {
            return ended(worker.seed, .timeout, "stopped after \(options.patience) s (--patience)")
        }
        let signal = status & 0x7F
        if signal != 0 { return ended(worker.seed, .crash, "ended by signal \(signal)") }
        let lines = String(decoding: worker.said, as: UTF8.self).split(separator: "\n")
        guard let last = lines.last,
            let report = try? RunReport(json: JSONValue(parsing: String(last)))
        else {
            let code = (status >> 8) & 0xFF
            return ended(worker.seed, .crash, "ended with \(code) and no result")
        }
        return HuntReport.Seed(scenario: title, seed: worker.seed, report: report)
    }

    /// One result of the two runs of a seed.
    private func merge(_ first: HuntReport.Seed, _ second: HuntReport.Seed) -> HuntReport.Seed {
        guard let one = first.report, let other = second.report else {
            return first.report == nil ? first : second
        }
        if one.traceHash == other.traceHash { return first }
        return ended(
            first.seed, .nondeterministic,
            "two runs of it differ: hash \(one.traceHash) and \(other.traceHash)")
    }

    private func ended(
        _ seed: UInt64, _ incident: Incident, _ words: String
    ) -> HuntReport.Seed {
        var result = HuntReport.Seed(
            scenario: title, seed: seed, report: nil, incident: incident, lastWords: words)
        result.command = "\(program.shellQuoted) \(seed)"
        return result
    }
}
