/// How long things take in the tank, where a scenario says it: what `wavetank calibrate` writes.
public struct CostOptions: Sendable, Hashable {
    /// The times of operations, by the names of `times`: one, two or six.
    public private(set) var times: [String: [Duration]] = [:]
    /// Bandwidths, by the names of `rates`.
    public private(set) var bytesPerSecond: [String: Int] = [:]

    /// A field that has times, and what takes them.
    public static let times = [
        ("diskRead", "a read"), ("diskWrite", "a write into the cache"),
        ("diskSync", "making a file durable"),
        ("diskSyncFile", "each further file of several that are made durable together"),
        ("diskName", "opening, renaming, removing or listing"),
        ("networkLatency", "a message's way between two machines"),
        ("objectRequest", "a request to the object store"),
        ("coordinationRequest", "a request to the coordination service"),
        ("catalogRequest", "a request to the lake catalog"),
    ]

    /// A field that has a bandwidth, and what has it.
    public static let rates = [
        ("diskBytesPerSecond", "a disk"), ("networkBytesPerSecond", "a link"),
        ("objectBytesPerSecond", "the object store"),
    ]

    /// How many times say a distribution: at 0, 10, 50, 90, 99 and 100 % of the operations.
    public static let measuredCount = 6

    private static let longest = Duration.seconds(60)

    static let shape = RecordShape(
        times.map { name, what in
            Field(
                name,
                .oneOrMany(.duration(.nanoseconds(1)...longest)), .optional,
                "how long \(what) takes: always, from and to, or at 0, 10, 50, 90, 99 and 100 % "
                    + "of them", example: "[150us, 900us]")
        }
            + rates.map { name, what in
                Field(
                    name, .byteCount(1024...(1 << 40)), .optional,
                    "what \(what) carries in a second", example: "1GiB")
            })

    public init() {}

    /// Why a list of times says no distribution; nil if it does.
    static func refusal(_ times: [Duration]) -> String? {
        if ![1, 2, measuredCount].contains(times.count) {
            return "one time, two, or \(measuredCount) (at 0, 10, 50, 90, 99 and 100 %), not "
                + "\(times.count)"
        }
        return zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
            ? nil : "times that go up, none less than the one before"
    }

    init(_ record: CheckedRecord) {
        for (name, _) in Self.times where record.has(name) {
            times[name] = record.list(name).map(\.time)
        }
        for (name, _) in Self.rates where record.has(name) {
            bytesPerSecond[name] = record.integer(name)
        }
    }
}

extension CheckedValue {
    var time: Duration {
        guard case .duration(let duration) = content else { preconditionFailure("no duration") }
        return duration
    }
}

/// A cost model in a file of its own, which scenarios name: `costs: machine.yaml`.
extension Scenario {
    /// The file that a scenario's text names as its cost model, and the text without that line;
    /// nil if it names none.
    static func costFile(in text: String) -> (line: Int, name: String)? {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated() where line.hasPrefix("costs:")
        {
            var rest = line.dropFirst("costs:".count)
            if let comment = rest.firstRange(of: " #") { rest = rest[..<comment.lowerBound] }
            let quotes: Set<Character> = ["\"", "'", " ", "\r", "\t"]
            let name = rest.split { quotes.contains($0) }.joined(separator: " ")
            if name.isEmpty || name.hasPrefix("{") { return nil }
            return (number, name)
        }
        return nil
    }

    /// The text with the cost model that it names in place of its name, so that whoever has the
    /// text has all that the run depends on.
    ///
    /// `read` is given the name as it stands there. The model goes to the end: lines keep their
    /// numbers.
    public static func inliningCosts(
        _ text: String, read: (_ name: String) throws -> String
    ) rethrows -> String {
        guard let (number, name) = costFile(in: text) else { return text }
        let model = try read(name).split(separator: "\n", omittingEmptySubsequences: true)
            .filter { !$0.hasPrefix("#") }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[number] = "# costs: \(name), which stands at the end"
        if lines.last == "" { lines.removeLast() }
        lines.append("costs:")
        lines += model.map { "  " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The text with another cost model, or with one where it has none.
    public static func settingCosts(_ text: String, to name: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var kept: [String] = []
        var isInside = false
        for line in lines {
            if line.hasPrefix("costs:") {
                isInside = true
                continue
            }
            let isIndented = line.hasPrefix(" ") || line.hasPrefix("\t") || line.isEmpty
            if isInside && isIndented { continue }
            isInside = false
            kept.append(line)
        }
        return kept.joined(separator: "\n") + (kept.last == "" ? "" : "\n") + "costs: \(name)\n"
    }
}
