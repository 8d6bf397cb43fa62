public import JSON

extension BenchCase {
    var members: [JSONMember] {
        [
            JSONMember("scenario", .string(scenario)), JSONMember("size", .string(size)),
            JSONMember("faults", .string(faults)), JSONMember("seed", .string(String(seed))),
        ]
    }

    init(json: JSONField) throws(JSONError) {
        let text = try json.required("seed").string()
        guard let seed = UInt64(text) else {
            throw .wrongType(path: "\(json.path).seed", expected: "a seed as text")
        }
        self.init(
            scenario: try json.required("scenario").string(),
            size: try json.required("size").string(), faults: try json.required("faults").string(),
            seed: seed)
    }
}

extension BenchTank {
    static let format = "wavetank bench, tank figures, 1"

    /// The same bytes for the same figures: no date, commit or machine stands in it.
    public var json: JSONValue {
        [
            "format": .string(Self.format),
            "prices": .string(prices),
            "libraries": .object(libraries.map { JSONMember($0.name, .string($0.version)) }),
            "runs": .array(runs.map(\.json)),
        ]
    }

    public init(json: JSONValue) throws(JSONError) {
        let root = JSONField(value: json, path: "")
        let format = try root.required("format").string()
        guard format == Self.format else {
            throw .wrongType(path: "format", expected: "'\(Self.format)', not '\(format)'")
        }
        var libraries: [LibraryVersion] = []
        for (name, field) in try root.required("libraries").members() {
            libraries.append(LibraryVersion(name: name, version: try field.string()))
        }
        var runs: [Run] = []
        for field in try root.required("runs").array() { runs.append(try Run(json: field)) }
        self.init(
            prices: try root.required("prices").string(), libraries: libraries, runs: runs)
    }

    /// A number for the exact figures as a whole, for telling two reports apart at a glance.
    public var digest: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in json.compact.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension BenchTank.Run {
    public var json: JSONValue {
        .object(
            of.members + [
                JSONMember("title", .string(title)),
                JSONMember("verdict", .string(verdict.rawValue)),
                JSONMember("reason", .string(reason)),
                JSONMember("traceHash", .string(traceHash)),
                JSONMember(
                    "figures",
                    .object(figures.map { JSONMember($0.name, .integer(Int64($0.value))) })),
                JSONMember(
                    "limits",
                    .object(
                        limits.map { JSONMember($0.name, .integer(Int64($0.partsPerMillion))) })),
            ])
    }

    public init(json: JSONField) throws(JSONError) {
        let verdict = try json.required("verdict").string()
        guard let verdict = RunReport.Verdict(rawValue: verdict) else {
            throw .wrongType(path: "\(json.path).verdict", expected: "a verdict")
        }
        var figures: [BenchTank.Figure] = []
        for (name, field) in try json.required("figures").members() {
            figures.append(.init(name: name, value: try field.figure()))
        }
        var limits: [BenchTank.Limit] = []
        for (name, field) in try json.required("limits").members() {
            limits.append(.init(name: name, partsPerMillion: try field.figure()))
        }
        self.init(
            of: try BenchCase(json: json), title: try json.required("title").string(),
            verdict: verdict, reason: try json.required("reason").string(),
            traceHash: try json.required("traceHash").string(), figures: figures, limits: limits)
    }
}

extension BenchWall {
    static let format = "wavetank bench, wall figures, 1"

    public var json: JSONValue {
        [
            "format": .string(Self.format), "machine": .string(machine),
            "build": .string(build), "runs": .array(runs.map(\.json)),
        ]
    }

    public init(json: JSONValue) throws(JSONError) {
        let root = JSONField(value: json, path: "")
        let format = try root.required("format").string()
        guard format == Self.format else {
            throw .wrongType(path: "format", expected: "'\(Self.format)', not '\(format)'")
        }
        var runs: [Run] = []
        for field in try root.required("runs").array() { runs.append(try Run(json: field)) }
        self.init(
            machine: try root.required("machine").string(),
            build: try root.required("build").string(), runs: runs)
    }
}

extension BenchWall.Run {
    public var json: JSONValue {
        .object(
            of.members + [
                JSONMember("cpuSeconds", .number(cpuSeconds)),
                JSONMember("referenceSeconds", .number(referenceSeconds)),
                JSONMember("peakMemoryBytes", .integer(Int64(peakMemoryBytes))),
                JSONMember("simulatedSeconds", .number(simulatedSeconds)),
                JSONMember("steps", .integer(Int64(steps))),
                JSONMember("requests", .integer(Int64(requests))),
            ])
    }

    public init(json: JSONField) throws(JSONError) {
        self.init(
            of: try BenchCase(json: json), cpuSeconds: try json.required("cpuSeconds").finite(),
            peakMemoryBytes: try json.required("peakMemoryBytes").count(),
            simulatedSeconds: try json.required("simulatedSeconds").finite(),
            steps: try json.required("steps").count(),
            requests: try json.required("requests").count(),
            referenceSeconds: try json.required("referenceSeconds").finite())
    }
}
