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
        let line: JSONValue = [
            "commit": .string(commit), "digest": .string(tank.digest), "tank": .object(figures),
            "wall": .object(ratios),
        ]
        return line.compact
    }

    public init(lines: String) throws {
        for (number, line) in lines.split(separator: "\n").enumerated() {
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
                figures.append(.init(name: figure, value: try value.integer(as: Int.self)))
            }
            tank.append((try of(name, field.path), figures))
        }
        var wall: [(BenchCase, Double)] = []
        for (name, field) in try json.required("wall").members() {
            wall.append((try of(name, field.path), try field.double()))
        }
        return Entry(
            commit: try json.required("commit").string(),
            digest: try json.required("digest").string(), tank: tank, wall: wall)
    }

    private static func key(_ of: BenchCase) -> String {
        "\(of.scenario) \(of.size) \(of.sea) \(of.seed)"
    }

    private static func of(_ key: String, _ path: String) throws(JSONError) -> BenchCase {
        let words = key.split(separator: " ").map(String.init)
        guard words.count == 4, let seed = UInt64(words[3]) else {
            throw .wrongType(path: path, expected: "a scenario, size, sea and seed")
        }
        return BenchCase(scenario: words[0], size: words[1], sea: words[2], seed: seed)
    }

    /// A small drawing in letters for each figure of each case that ever moved, oldest first.
    public func text(figure: String, benchmark: String) -> String {
        guard let last = entries.last else { return "The history is empty." }
        var lines = [
            "\(NumberText.counted(entries.count, "commit")), \(entries[0].commit) to \(last.commit)"
        ]
        for (of, figures) in last.tank where benchmark.isEmpty || of.name.contains(benchmark) {
            var rows: [String] = []
            for value in figures where figure.isEmpty || value.name.contains(figure) {
                let definition = BenchFigure.named(value.name)
                let values = series(of, value.name)
                let steps = values.compactMap { $0 }
                let first = steps.first ?? value.value
                rows.append(
                    "  \(Self.drawing(values))  \(definition.unit.text(value.value))  "
                        + "\(definition.title), \(BenchComparison.changeText(first, value.value))")
            }
            if !rows.isEmpty { lines += ["", "\(of)"] + rows }
        }
        return lines.joined(separator: "\n")
    }

    /// The values of one figure over all entries; nil where an entry has none.
    func series(_ of: BenchCase, _ figure: String) -> [Int?] {
        entries.map { entry in
            entry.tank.first { $0.of == of }?.figures.first { $0.name == figure }?.value
        }
    }

    private static func drawing(_ values: [Int?]) -> String {
        let blocks = Array("▁▂▃▄▅▆▇█")
        let shown = values.suffix(40)
        let known = shown.compactMap { $0 }
        guard let least = known.min(), let most = known.max() else { return "" }
        return String(
            shown.map { value -> Character in
                guard let value else { return "·" }
                if most == least { return blocks[3] }
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
