public import JSON

extension HuntReport {
    /// One line a seed, for programs: the run's own summary.
    public var jsonLines: String { seeds.map(\.json.compact).joined(separator: "\n") }
}

extension HuntReport {
    /// The whole as one object: counts, causes, probes.
    public var summaryJSON: JSONValue {
        let saturation = Saturation(seeds)
        return [
            "seeds": .integer(Int64(seeds.count)),
            "clean": .integer(Int64(cleanCount)),
            "causes": .array(
                causes.map { cause in
                    [
                        "cause": .string(cause.text),
                        "seeds": .array(
                            cause.seeds.map {
                                [
                                    "scenario": .string($0.scenario),
                                    "seed": $0.json["seed"] ?? .null,
                                ]
                            }),
                        "example": .string(cause.seeds[0].reason),
                        "failureFile": .string(cause.failureFile),
                        "reproduceCommand": .string(cause.seeds[0].reproduceCommand),
                        "nextCommand": .string(cause.nextCommand),
                    ]
                }),
            "probes": .array(
                probes.map {
                    ["name": .string($0.name), "seeds": .integer(Int64($0.count))]
                }),
            "coverage": coverage?.json ?? .null,
            "features": .integer(Int64(saturation.featureCount)),
            "lastNewFeature": .integer(Int64(saturation.lastNew)),
            "loneFeatures": .integer(Int64(saturation.loneCount)),
        ]
    }
}

extension HuntReport.Seed {
    /// Begins with `wavetankReport`, by which a file of results is known as one of ours.
    public var json: JSONValue {
        var members: [JSONMember]
        if let known = report?.summaryJSON.object {
            // A sweep or a variant is a case of its own, which its run does not know.
            members = known.map {
                $0.name == "scenario" ? JSONMember("scenario", .string(scenario)) : $0
            }
        } else {
            members = [
                JSONMember("wavetankReport", .integer(Int64(RunReport.formatVersion))),
                JSONMember("scenario", .string(scenario)),
                JSONMember("seed", Int64(exactly: seed).map { .integer($0) } ?? .string("\(seed)")),
                JSONMember("verdict", .string(incident.rawValue)),
                JSONMember("reason", .string(lastWords)),
                JSONMember("reproduceCommand", .string(reproduceCommand)),
            ]
        }
        if let origin { members.append(JSONMember("origin", origin.json)) }
        return .object(members)
    }

    public init(json: JSONValue) throws(JSONError) {
        if let incident = Incident(rawValue: try json.required("verdict").string()) {
            self.init(
                scenario: try json.required("scenario").string(),
                seed: try RunReport.seed(json.required("seed")), report: nil, incident: incident,
                lastWords: try json.required("reason").string())
            command = try json.optional("reproduceCommand")?.string() ?? ""
        } else {
            let report = try RunReport(json: json)
            self.init(scenario: report.scenario, seed: report.seed, report: report)
        }
        origin = try json.optional("origin").map { field throws(JSONError) in
            try HuntOrigin(field: field)
        }
    }
}
