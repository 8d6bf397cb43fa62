import JSON

/// How figures moved from commit to commit: one line of JSON for each.
public struct BenchHistory: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var commit: String
        /// Of the whole exact part, with what the line leaves out.
        public var digest: String
        /// The headline figures of each case.
        public var tank: [(of: BenchCase, figures: [BenchTank.Figure])]
        /// Processor seconds as multiples of the reference loop.
        public var wall: [(of: BenchCase, ratio: Double)]
        /// By case, the limits of its scenario as they were; empty where an older line has none.
        public var limits: [BenchCase: [BenchTank.Limit]] = [:]

        public static func == (left: Entry, right: Entry) -> Bool {
            left.commit == right.commit && left.digest == right.digest
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(commit)
            hasher.combine(digest)
        }
    }

    /// Oldest first.
    public private(set) var entries: [Entry] = []
    /// Limits for cases whose lines have none.
    public var knownLimits: [BenchCase: [BenchTank.Limit]] = [:]

    /// The line of one commit, without its end.
    public static func line(commit: String, tank: BenchTank, wall: BenchWall?) -> String {
        let figures = tank.runs.map { run -> JSONMember in
            let headlines = run.figures.filter { BenchFigure.named($0.name).isHeadline }
            return JSONMember(
                key(run.of),
                .object(headlines.map { JSONMember($0.name, .integer(Int64($0.value))) }))
        }
        let ratios = (wall?.runs ?? []).map { run in
            // Two decimals: there is no more in it.
            JSONMember(key(run.of), .number((run.ratio * 100).rounded() / 100))
        }
        let limits = tank.runs.map { run in
            let members = run.limits.map { limit in
                JSONMember(limit.name, .integer(Int64(limit.partsPerMillion)))
            }
            return JSONMember(key(run.of), .object(members))
        }
        let line: JSONValue = [
            "commit": .string(commit), "digest": .string(tank.digest), "tank": .object(figures),
            "wall": .object(ratios), "limits": .object(limits),
        ]
        return line.compact
    }

    public init(lines: String) throws {
        for (number, line) in lines.split(whereSeparator: \.isNewline).enumerated() {
            do {
                let json = try JSONValue(parsing: Array(line.utf8))
                entries.append(try Self.entry(JSONField(value: json, path: "")))
            } catch {
                throw BenchHistoryError(line: number + 1, reason: "\(error)")
            }
        }
    }

    private static func entry(_ json: JSONField) throws(JSONError) -> Entry {
        var tank: [(BenchCase, [BenchTank.Figure])] = []
        for (name, field) in try json.required("tank").members() {
            var figures: [BenchTank.Figure] = []
            for (figure, value) in try field.members() {
                figures.append(.init(name: figure, value: try value.figure()))
            }
            tank.append((try of(name, field.path), figures))
        }
        var wall: [(BenchCase, Double)] = []
        for (name, field) in try json.required("wall").members() {
            wall.append((try of(name, field.path), try field.finite()))
        }
        var limits: [BenchCase: [BenchTank.Limit]] = [:]
        for (name, field) in try json.optional("limits")?.members() ?? [] {
            limits[try of(name, field.path)] = try field.members().map {
                member throws(JSONError) in
                BenchTank.Limit(name: member.name, partsPerMillion: try member.field.figure())
            }
        }
        return Entry(
            commit: try json.required("commit").string(),
            digest: try json.required("digest").string(), tank: tank, wall: wall, limits: limits)
    }

    private static func key(_ of: BenchCase) -> String {
        "\(of.scenario) \(of.size) \(of.faults) \(of.seed)"
    }

    private static func of(_ key: String, _ path: String) throws(JSONError) -> BenchCase {
        // The path of a scenario may have spaces.
        let words = key.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let count = words.count
        guard count >= 4, let seed = UInt64(words[count - 1]) else {
            throw .wrongType(path: path, expected: "a scenario, a size, faults and a seed")
        }
        return BenchCase(
            scenario: words[..<(count - 3)].joined(separator: " "), size: words[count - 3],
            faults: words[count - 2], seed: seed)
    }

    /// Names of benchmarks and of figures, with their titles, that `text` can show.
    public var benchmarkNames: [String] {
        Array(Set((entries.last?.tank ?? []).map(\.of.name))).sorted()
    }

    public var figureNames: [String] {
        let names = Set((entries.last?.tank ?? []).flatMap(\.figures).map(\.name))
        return BenchFigure.all.map(\.name).filter { names.contains($0) }
    }

    /// Whether a figure's name or title contains the text, whatever its case.
    static func matches(_ figure: String, _ text: String) -> Bool {
        if text.isEmpty { return true }
        let wanted = text.lowercased()
        return figure.lowercased().contains(wanted)
            || BenchFigure.named(figure).title.lowercased().contains(wanted)
    }

    /// A small drawing in letters for each figure of each case that ever moved, oldest first; nil
    /// if no figure has such a name.
    public func text(figure: String, benchmark: String) -> String? {
        guard let last = entries.last else { return "The history is empty." }
        var lines = [
            "\(NumberText.counted(entries.count, "commit")), \(entries[0].commit) to \(last.commit)"
        ]
        let wanted = benchmark.lowercased()
        for (of, figures) in last.tank
        where wanted.isEmpty || of.name.lowercased().contains(wanted) {
            var rows: [String] = []
            for value in figures where Self.matches(value.name, figure) {
                let definition = BenchFigure.named(value.name)
                let values = series(of, value.name)
                let steps = values.compactMap { $0 }
                let first = steps.first ?? value.value
                rows.append(
                    "  \(drawing(values, of, definition))  \(definition.unit.text(value.value))  "
                        + "\(definition.title), \(BenchComparison.changeText(first, value.value))")
            }
            if !rows.isEmpty { lines += ["", "\(of)"] + rows }
        }
        return lines.count > 1 ? lines.joined(separator: "\n") : nil
    }

    /// The values between which a figure is drawn: at least its limit up and down from the first,
    /// so that a change that no check would stop does not look like a cliff.
    func scale(_ values: [Int?], _ of: BenchCase, _ figure: BenchFigure) -> ClosedRange<Int>? {
        let known = values.compactMap { $0 }
        guard let first = known.first, let least = known.min(), let most = known.max() else {
            return nil
        }
        let room = limit(of, figure).map { Int(Int128(first.magnitude) * Int128($0) / 1_000_000) }
        let half = max(room ?? Int(first.magnitude / 50), 1)
        return min(least, first - half)...max(most, first + half)
    }

    /// In parts per million.
    func limit(_ of: BenchCase, _ figure: BenchFigure) -> Int? {
        guard let name = figure.limit else { return nil }
        let lists = entries.reversed().map { $0.limits[of] ?? [] } + [knownLimits[of] ?? []]
        return lists.lazy.flatMap(\.self).first { $0.name == name }.map {
            min($0.partsPerMillion, 1_000_000)
        }
    }

    /// The values of one figure over all entries; nil where an entry has none.
    func series(_ of: BenchCase, _ figure: String) -> [Int?] {
        entries.map { entry in
            entry.tank.first { $0.of == of }?.figures.first { $0.name == figure }?.value
        }
    }

    private func drawing(_ values: [Int?], _ of: BenchCase, _ figure: BenchFigure) -> String {
        let blocks = Array("▁▂▃▄▅▆▇█")
        let shown = Array(values.suffix(40))
        guard let scale = scale(shown, of, figure) else { return "" }
        let (least, most) = (scale.lowerBound, scale.upperBound)
        return String(
            shown.map { value -> Character in
                guard let value else { return "·" }
                return blocks[(value - least) * 7 / (most - least)]
            })
    }
}

/// A line of a history that cannot be read.
public struct BenchHistoryError: Error, Sendable, Hashable, CustomStringConvertible {
    public var line: Int
    public var reason: String

    public var description: String { "line \(line): \(reason)" }
}
