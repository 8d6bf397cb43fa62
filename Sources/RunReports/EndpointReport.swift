public import JSON

/// What programs of others did at our endpoints, and what became of the tables.
public struct EndpointReport {
    /// A request that was struck.
    public struct Strike: Hashable, Sendable {
        public var fault: String
        public var request: String
        /// Which one it was among those of its kind.
        public var number: Int
        public var target: String

        public init(fault: String, request: String, number: Int, target: String) {
            self.fault = fault
            self.request = request
            self.number = number
            self.target = target
        }
    }

    /// A rule, how often it was asked, and where it did not hold.
    public struct Result: Hashable, Sendable {
        public var name: String
        public var meaning: String
        public var compared: Int
        public var violations: [String]

        public init(name: String, meaning: String, compared: Int, violations: [String]) {
            self.name = name
            self.meaning = meaning
            self.compared = compared
            self.violations = violations
        }
    }

    public var title: String
    public var verdict: RunReport.Verdict
    public var reason: String
    public var results: [Result]
    public var strikes: [Strike]
    public var requestCounts: [String: Int]
    public var commitCount: Int
    public var orphanCount: Int
    public var orphanByteCount: Int64

    /// - Parameter faultCount: How many faults the scenario has.
    public init(
        title: String, results: [Result], strikes: [Strike], faultCount: Int,
        requestCounts: [String: Int], commitCount: Int, orphanCount: Int, orphanByteCount: Int64
    ) {
        self.title = title
        self.results = results
        self.strikes = strikes
        self.requestCounts = requestCounts
        self.commitCount = commitCount
        self.orphanCount = orphanCount
        self.orphanByteCount = orphanByteCount
        if let broken = results.first(where: { !$0.violations.isEmpty }) {
            verdict = .fail
            reason = "\(broken.name): \(broken.violations[0])"
        } else if commitCount == 0 {
            verdict = .inconclusive
            reason = "nobody committed anything"
        } else if faultCount > 0 && strikes.isEmpty {
            verdict = .inconclusive
            reason = "no request was struck: \(requestCounts.values.reduce(0, +)) came"
        } else {
            verdict = .pass
            reason = ""
        }
    }

    public var exitCode: Int32 {
        switch verdict {
        case .pass: 0
        case .fail: 1
        case .inconclusive: 2
        }
    }

    /// For a terminal.
    public var text: String {
        var lines = [
            "\(verdict.rawValue.uppercased())  \(title)" + (reason.isEmpty ? "" : "\n  \(reason)"),
            "",
        ]
        let total = requestCounts.values.reduce(0, +)
        lines.append(
            "  \(NumberText.counted(total, "request")), "
                + "\(NumberText.counted(commitCount, "commit")), "
                + "\(NumberText.counted(strikes.count, "request")) struck")
        for result in results where result.compared > 0 {
            let count = result.violations.count
            let outcome = count == 0 ? "held" : NumberText.counted(count, "violation")
            lines.append(
                "  \(result.name): \(outcome), asked \(NumberText.grouped(result.compared)) times; "
                    + result.meaning)
            for message in result.violations.prefix(5) { lines.append("    \(message)") }
            if count > 5 { lines.append("    and \(count - 5) more") }
        }
        lines.append(
            "  orphans: \(NumberText.counted(orphanCount, "object")) that nothing names, "
                + "\(NumberText.grouped(Int(orphanByteCount))) bytes")
        for strike in strikes.prefix(20) {
            lines.append(
                "  struck: \(strike.fault), \(strike.request) \(strike.number): \(strike.target)")
        }
        if strikes.count > 20 { lines.append("  and \(strikes.count - 20) more") }
        return lines.joined(separator: "\n")
    }

    public var json: JSONValue {
        [
            "wavetankReport": 1, "title": .string(title), "verdict": .string(verdict.rawValue),
            "reason": .string(reason), "commits": .integer(Int64(commitCount)),
            "orphans": [
                "objects": .integer(Int64(orphanCount)), "bytes": .integer(orphanByteCount),
            ],
            "requests": .object(
                requestCounts.keys.sorted().map {
                    JSONMember($0, .integer(Int64(requestCounts[$0]!)))
                }),
            "rules": .array(
                results.map { result in
                    [
                        "name": .string(result.name), "meaning": .string(result.meaning),
                        "compared": .integer(Int64(result.compared)),
                        "violations": .array(result.violations.map { .string($0) }),
                    ]
                }),
            "strikes": .array(
                strikes.map { strike in
                    [
                        "fault": .string(strike.fault), "request": .string(strike.request),
                        "number": .integer(Int64(strike.number)),
                        "target": .string(strike.target),
                    ]
                }),
        ]
    }
}
