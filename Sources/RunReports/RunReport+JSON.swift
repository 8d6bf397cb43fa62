public import JSON

extension RunReport {
    /// Grows when a reader of the old form could misunderstand the new one.
    public static let formatVersion = 1

    /// Everything; the members stand in one fixed order.
    public var json: JSONValue {
        .object(
            summaryMembers + [
                JSONMember("faults", .array(faults.map(\.json))),
                JSONMember("nodes", .array(nodes.map(\.json))),
                JSONMember("leadership", .array(leadership.map(\.json))),
                JSONMember("lakeTables", .array(lakeTables.map(\.json))),
                JSONMember("buckets", .array(buckets.map(\.json))),
                JSONMember("charts", .array(charts.map(\.json))),
                JSONMember("latencies", latencies?.json ?? .null),
            ])
    }

    /// What a script asks for: everything but the timelines and the charts.
    public var summaryJSON: JSONValue { .object(summaryMembers) }

    private var summaryMembers: [JSONMember] {
        [
            JSONMember("wavetankReport", .integer(Int64(Self.formatVersion))),
            JSONMember("scenario", .string(scenario)),
            JSONMember("title", .string(title)),
            JSONMember("seed", Int64(exactly: seed).map { .integer($0) } ?? .string(String(seed))),
            JSONMember("build", .string(build)),
            JSONMember("verdict", .string(verdict.rawValue)),
            JSONMember("reason", .string(reason)),
            JSONMember("traceHash", .string(traceHash)),
            JSONMember("events", .integer(Int64(events))),
            JSONMember("simulatedSeconds", .time(simulatedSeconds)),
            JSONMember("cpuSeconds", .time(cpuSeconds)),
            JSONMember("peakMemoryBytes", .integer(Int64(peakMemoryBytes))),
            JSONMember("changesAcknowledged", .integer(Int64(changesAcknowledged))),
            JSONMember("changesRefused", .integer(Int64(changesRefused))),
            JSONMember("changesUnknown", .integer(Int64(changesUnknown))),
            JSONMember("oracles", .array(oracles.map(\.json))),
            JSONMember("probes", .array(probes.map(\.json))),
            JSONMember("coverage", coverage?.json ?? .null),
            JSONMember("counters", .array(counters.map(\.json))),
            JSONMember("notes", .array(notes.map { .string($0) })),
            JSONMember("reproduceCommand", .string(reproduceCommand)),
            JSONMember("failureFile", .string(failureFile)),
            JSONMember("libraryVersions", .array(libraryVersions.map(\.json))),
        ] + (comparison.map { [JSONMember("comparison", $0.json)] } ?? [])
    }

    public init(json: JSONValue) throws(JSONError) {
        let version = try json.required("wavetankReport")
        guard try version.integer() == Self.formatVersion else {
            throw .wrongType(path: version.path, expected: "version \(Self.formatVersion)")
        }
        self.init(
            title: try json.required("title").string(),
            scenario: try json.required("scenario").string(),
            seed: try Self.seed(json.required("seed")),
            build: try json.required("build").string(),
            verdict: try json.required("verdict").word(),
            reason: try json.required("reason").string(),
            traceHash: try json.required("traceHash").string(),
            events: try json.required("events").count(),
            simulatedSeconds: try json.required("simulatedSeconds").finite(),
            cpuSeconds: try json.required("cpuSeconds").finite(),
            peakMemoryBytes: try json.required("peakMemoryBytes").count(),
            changesAcknowledged: try json.required("changesAcknowledged").count(),
            changesRefused: try json.required("changesRefused").count(),
            changesUnknown: try json.required("changesUnknown").count(),
            reproduceCommand: try json.required("reproduceCommand").string())
        oracles = try json.required("oracles").list(OracleResult.init(field:))
        probes = try json.required("probes").list(ProbeResult.init(field:))
        counters = try json.required("counters").list(Counter.init(field:))
        notes = try json.required("notes").list { field throws(JSONError) in try field.string() }
        libraryVersions = try json.required("libraryVersions").list(LibraryVersion.init(field:))
        if let field = try json.optional("coverage") { coverage = try FaultCoverage(field: field) }
        if let field = try json.optional("comparison") {
            comparison = try TankComparison(field: field)
        }
        failureFile = try json.optional("failureFile")?.string() ?? ""
        // A summary is a report without these.
        faults = try json.optional("faults")?.list(FaultEvent.init(field:)) ?? []
        nodes = try json.optional("nodes")?.list(NodeLane.init(field:)) ?? []
        leadership = try json.optional("leadership")?.list(LeadershipLane.init(field:)) ?? []
        lakeTables = try json.optional("lakeTables")?.list(LakeTableLane.init(field:)) ?? []
        buckets = try json.optional("buckets")?.list(BucketHistory.init(field:)) ?? []
        charts = try json.optional("charts")?.list(Chart.init(field:)) ?? []
        if let field = try json.optional("latencies") { latencies = try LatencyMap(field: field) }
    }

    /// JSON numbers here end at 2^63-1; a seed above it stands as text.
    static func seed(_ field: JSONField) throws(JSONError) -> UInt64 {
        if let integer = field.value.integer, let seed = UInt64(exactly: integer) { return seed }
        if let text = field.value.string, let seed = UInt64(text) { return seed }
        throw .wrongType(path: field.path, expected: "a seed")
    }
}

extension JSONField {
    /// How many of something there are: sums of thousands of these do not overflow.
    func count() throws(JSONError) -> Int {
        let number = try integer(as: Int.self)
        guard (0...1_000_000_000_000_000).contains(number) else {
            throw .wrongType(path: path, expected: "a count from 0 to 10^15")
        }
        return number
    }

    /// An exact figure of either sign.
    func figure() throws(JSONError) -> Int {
        let number = try integer(as: Int.self)
        guard number.magnitude <= 1_000_000_000_000_000 else {
            throw .wrongType(path: path, expected: "a whole number of at most 10^15")
        }
        return number
    }

    fileprivate func list<Element>(
        _ read: (JSONField) throws(JSONError) -> Element
    ) throws(JSONError) -> [Element] {
        var result: [Element] = []
        for field in try array() { result.append(try read(field)) }
        return result
    }

    /// A time or value that can be drawn.
    func finite() throws(JSONError) -> Double {
        let number = try double()
        guard number.magnitude <= 1e15 else {
            throw .wrongType(path: path, expected: "a number up to 1e15")
        }
        return number
    }

    func word<Word: RawRepresentable & CaseIterable>() throws(JSONError) -> Word
    where Word.RawValue == String {
        if let word = Word(rawValue: try string()) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw .wrongType(path: path, expected: "one of \(words)")
    }
}

extension JSONValue {
    /// JSON has no infinite numbers; a time that is none says nothing and becomes zero.
    fileprivate static func time(_ seconds: Double) -> JSONValue {
        .number(seconds.isFinite ? seconds : 0)
    }
}

extension OracleResult {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "meaning": .string(meaning),
            "compared": .integer(Int64(compared)), "hadWork": .bool(hadWork),
            "violations": .array(
                violations.map {
                    ["atSeconds": .time($0.atSeconds), "message": .string($0.message)]
                }),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(),
            meaning: try field.required("meaning").string(),
            compared: try field.required("compared").count(),
            violations: try field.required("violations").list { field throws(JSONError) in
                Violation(
                    message: try field.required("message").string(),
                    atSeconds: try field.required("atSeconds").finite())
            },
            hadWork: try field.optional("hadWork")?.bool() ?? true)
    }
}

extension ProbeResult {
    fileprivate var json: JSONValue {
        ["name": .string(name), "count": .integer(Int64(count))]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(),
            count: try field.required("count").count())
    }
}

extension FaultEvent {
    fileprivate var json: JSONValue {
        [
            "atSeconds": .time(atSeconds), "untilSeconds": .time(untilSeconds),
            "kind": .string(kind), "target": .string(target), "text": .string(text),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            atSeconds: try field.required("atSeconds").finite(),
            untilSeconds: try field.required("untilSeconds").finite(),
            kind: try field.required("kind").string(),
            target: try field.required("target").string(),
            text: try field.required("text").string())
    }
}

extension NodeLane {
    fileprivate var json: JSONValue {
        [
            "node": .string(node),
            "intervals": .array(
                intervals.map {
                    [
                        "from": .time($0.from), "until": .time($0.until),
                        "state": .string($0.state.rawValue),
                    ]
                }),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            node: try field.required("node").string(),
            intervals: try field.required("intervals").list { field throws(JSONError) in
                Interval(
                    from: try field.required("from").finite(),
                    until: try field.required("until").finite(),
                    state: try field.required("state").word())
            })
    }
}

extension LeadershipLane {
    fileprivate var json: JSONValue {
        [
            "bucket": .string(bucket),
            "intervals": .array(
                intervals.map {
                    [
                        "from": .time($0.from), "until": .time($0.until),
                        "leader": .string($0.leader), "epoch": .integer(Int64($0.epoch)),
                    ]
                }),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            bucket: try field.required("bucket").string(),
            intervals: try field.required("intervals").list { field throws(JSONError) in
                Interval(
                    from: try field.required("from").finite(),
                    until: try field.required("until").finite(),
                    leader: try field.required("leader").string(),
                    epoch: try field.required("epoch").count())
            })
    }
}

extension LakeTableLane {
    fileprivate var json: JSONValue {
        [
            "table": .string(table),
            "commits": .array(
                commits.map {
                    [
                        "atSeconds": .time($0.atSeconds),
                        "snapshotIdentifier": .integer($0.snapshotIdentifier),
                        "rows": .integer(Int64($0.rows)),
                    ]
                }),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            table: try field.required("table").string(),
            commits: try field.required("commits").list { field throws(JSONError) in
                Commit(
                    atSeconds: try field.required("atSeconds").finite(),
                    snapshotIdentifier: try field.required("snapshotIdentifier").integer(),
                    rows: try field.required("rows").count())
            })
    }
}

extension Chart {
    fileprivate var json: JSONValue {
        [
            "title": .string(title), "unit": .string(unit.rawValue),
            "style": .string(style.rawValue), "meaning": .string(meaning),
            "series": .array(series.map(\.json)),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            title: try field.required("title").string(),
            unit: try field.required("unit").word(),
            style: try field.required("style").word(),
            meaning: try field.required("meaning").string(),
            series: try field.required("series").list(Series.init(field:)))
    }
}

extension Chart.Series {
    /// Points are pairs of time and value; what was no number is left out.
    fileprivate var json: JSONValue {
        let finite = points.filter { $0.atSeconds.isFinite && $0.value.isFinite }
        return [
            "name": .string(name),
            "points": .array(
                finite.map { .array([.number($0.atSeconds), .number($0.value)]) }),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(),
            points: try field.required("points").list { field throws(JSONError) in
                let pair = try field.array()
                guard pair.count == 2 else {
                    throw .wrongType(path: field.path, expected: "a pair of time and value")
                }
                return Chart.Point(atSeconds: try pair[0].finite(), value: try pair[1].finite())
            })
    }
}

extension Counter {
    fileprivate var json: JSONValue {
        ["name": .string(name), "value": .integer(Int64(value))]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(),
            value: try field.required("value").integer(as: Int.self))
    }
}

extension LibraryVersion {
    fileprivate var json: JSONValue {
        ["name": .string(name), "version": .string(version)]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(),
            version: try field.required("version").string())
    }
}
