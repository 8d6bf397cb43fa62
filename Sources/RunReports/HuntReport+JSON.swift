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
                        "reproduceCommand": .string(cause.seeds[0].reproduceCommand),
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
    public var json: JSONValue {
        if let members = report?.summaryJSON.object {
            // A sweep or a variant is a case of its own, which its run does not know.
            return .object(
                members.map {
                    $0.name == "scenario" ? JSONMember("scenario", .string(scenario)) : $0
                })
        }
        return [
            "scenario": .string(scenario),
            "seed": Int64(exactly: seed).map { .integer($0) } ?? .string(String(seed)),
            "verdict": "crash", "reason": .string(lastWords),
        ]
    }

    public init(json: JSONValue) throws(JSONError) {
        if try json.required("verdict").string() != "crash" {
            let report = try RunReport(json: json)
            self.init(scenario: report.scenario, seed: report.seed, report: report, lastWords: "")
            return
        }
        self.init(
            scenario: try json.required("scenario").string(),
            seed: try RunReport.seed(json.required("seed")), report: nil,
            lastWords: try json.required("reason").string())
    }
}
