public import JSON

/// What small pieces of the engine cost, as multiples of a reference loop: wall figures.
public struct MicroReport: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var name: String
        /// What is counted: bytes, rows, operations or steps.
        public var unit: String
        /// Processor seconds for as much of it, the best of several rounds.
        public var seconds: Double
        public var work: Int
        /// Of the reference loop, the best of the rounds between.
        public var referenceSeconds: Double

        public init(
            name: String, unit: String, seconds: Double, work: Int, referenceSeconds: Double
        ) {
            self.name = name
            self.unit = unit
            self.seconds = seconds
            self.work = work
            self.referenceSeconds = referenceSeconds
        }

        public var perSecond: Double { Double(work) / max(seconds, 1e-9) }

        /// How much is done in the time of one reference loop: what two machines may compare.
        public var perReference: Double { perSecond * referenceSeconds }
    }

    public var machine: String
    public var build: String
    public var entries: [Entry]

    public init(machine: String, build: String, entries: [Entry]) {
        self.machine = machine
        self.build = build
        self.entries = entries
    }

    // MARK: JSON

    static let format = "wavetank micro benchmarks, wall figures, 1"

    public var json: JSONValue {
        [
            "format": .string(Self.format), "machine": .string(machine), "build": .string(build),
            "entries": .array(
                entries.map {
                    [
                        "name": .string($0.name), "unit": .string($0.unit),
                        "seconds": .number($0.seconds), "work": .integer(Int64($0.work)),
                        "referenceSeconds": .number($0.referenceSeconds),
                    ]
                }),
        ]
    }

    public init(json: JSONValue) throws(JSONError) {
        let root = JSONField(value: json, path: "")
        let format = try root.required("format").string()
        guard format == Self.format else {
            throw .wrongType(path: "format", expected: "'\(Self.format)', not '\(format)'")
        }
        var entries: [Entry] = []
        for field in try root.required("entries").array() {
            entries.append(
                Entry(
                    name: try field.required("name").string(),
                    unit: try field.required("unit").string(),
                    seconds: try field.required("seconds").finite(),
                    work: try field.required("work").count(),
                    referenceSeconds: try field.required("referenceSeconds").finite()))
        }
        self.init(
            machine: try root.required("machine").string(),
            build: try root.required("build").string(), entries: entries)
    }

    // MARK: Text

    private static func rate(_ value: Double, _ unit: String) -> String {
        unit == "bytes"
            ? "\(NumberText.bytes(value))/s"
            : "\(NumberText.value(value, in: .perSecond)) \(unit)"
    }

    public var text: String {
        let rows = entries.map { entry in
            [
                entry.name, Self.rate(entry.perSecond, entry.unit),
                entry.unit == "bytes"
                    ? NumberText.bytes(entry.perReference)
                    : "\(NumberText.value(entry.perReference, in: .count)) \(entry.unit)",
            ]
        }
        return
            (["On \(machine), \(build); noisy, compare the last column:"]
            + BenchReport.aligned([["", "a CPU second", "in a reference loop"]] + rows))
            .joined(separator: "\n")
    }

    /// What moved since an earlier report, by what is done in one reference loop.
    public func comparison(since before: MicroReport) -> String {
        let rows = entries.compactMap { entry -> [String]? in
            guard let former = before.entries.first(where: { $0.name == entry.name }),
                former.perReference > 0
            else { return nil }
            let change = (entry.perReference / former.perReference - 1) * 100
            let word = change.magnitude < 15 ? "as before" : change > 0 ? "faster" : "slower"
            return [
                entry.name, (change > 0 ? "+" : "") + NumberText.fixed(change, decimals: 0) + " %",
                word,
            ]
        }
        return
            (["Work in the time of one reference loop, since \(before.build) (gates nothing):"]
            + BenchReport.aligned(rows)).joined(separator: "\n")
    }
}
