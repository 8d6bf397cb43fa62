import Oracles

/// The one description of scenario files, from which both the reader and the JSON schema work.
enum ScenarioFormat {
    /// Nanoseconds of a run stay far from the end of 64 bits.
    static let longestRun = Duration.seconds(30 * 86_400)

    static let shape = RecordShape([
        Field("title", .text(maximumLength: 200), .required, "what the scenario is, in a sentence"),
        Field("description", .text(maximumLength: 10_000), .optional, "why it is as it is"),
        Field(
            "length", .duration(.seconds(1)...longestRun), .required,
            "simulated time, such as 10m"),
        Field("seed", .seed, .byDefault("1"), "the seed when none is given"),
        Field("cluster", .record(ClusterLayout.shape), .emptyByDefault, "the nodes"),
        Field(
            "tables", .list(.record(TableFormat.shape), isEmptyAllowed: true), .emptyByDefault,
            "tables of any columns and properties, for tableTraffic"),
        Field(
            "workloads", .list(.tagged(WorkloadDescription.shape), isEmptyAllowed: true),
            .emptyByDefault, "what the cluster is asked to do, all at the same time"),
        Field(
            "acts", .list(.tagged(ActFormat.shape), isEmptyAllowed: true), .emptyByDefault,
            "what users do to tables while they are written"),
        Field(
            "faults", .list(.tagged(faultShape), isEmptyAllowed: true), .emptyByDefault,
            "what goes wrong, scripted or drawn from the seed"),
        Field(
            "checks",
            .oneOrMany(.choice(allAnd(OracleName.allCases.map { ($0.rawValue, $0.meaning) }))),
            .byDefault("all"), "the oracles that look"),
        Field(
            "allow", .record(Allowance.shape), .emptyByDefault,
            "what the run may leave out and still pass"),
        Field(
            "draw", .oneOrMany(.choice(allAnd(SettingDraw.names.map { ($0.name, $0.meaning) }))),
            .optional,
            "settings that each seed draws within their bounds; what the file says stays",
            example: "all"),
        Field(
            "schedule",
            .choice(Schedule.allCases.map { Choice(name: $0.rawValue, meaning: $0.meaning) }),
            .byDefault("inOrder"), "which of several jobs that could run now runs first"),
        Field(
            "costs", .record(CostOptions.shape), .emptyByDefault,
            "how long things take in the tank, or the file that says it, as calibrate writes it"),
        Field(
            "expect",
            .choice([
                Choice(name: "pass", meaning: "nothing is violated"),
                Choice(name: "refusal", meaning: "the engine refuses, and breaks nothing"),
            ]), .byDefault("pass"), "how the run should end"),
        Field("bench", .record(BenchOptions.shape), .optional, "how it serves as a benchmark"),
    ])

    static let at = Field(
        "at", .duration(.zero...longestRun), .optional,
        "when it begins, from the start of the run; from when on it waits with 'after' or 'when'",
        example: "30s")
    static let after = Field(
        "after", .text(maximumLength: 200), .optional,
        "the probe that it waits for: it begins when the engine first takes this rare path",
        example: "in-sync set shrunk")
    static let when = Field(
        "when", .condition, .optional, "the condition that it waits for",
        example: "tiering orders")
    static let lasting = Field(
        "for", .duration(.milliseconds(1)...longestRun), .required, "how long it lasts",
        example: "10s")

    /// A fault of a plan: it has a date.
    static let scriptedVariants = FaultKindName.allCases.map { name in
        TaggedShape.Variant(
            name: name.rawValue, meaning: name.meaning, body: name.description.body,
            beside: [at] + (name.lasts ? [lasting] : []) + [after, when])
    }

    static let plannedFaultShape = TaggedShape(noun: "fault", variants: scriptedVariants)

    static let faultShape = TaggedShape(
        noun: "fault",
        variants: scriptedVariants + [
            TaggedShape.Variant(
                name: "drawn", meaning: "faults that each seed draws", body: drawnShape, beside: [])
        ])

    static let drawnShape = RecordShape([
        Field("from", .duration(.zero...longestRun), .byDefault("10s"), "the first may begin"),
        Field(
            "until", .duration(.zero...longestRun), .optional,
            "none begins any more; four fifths of the run when absent"),
        Field(
            "every", .duration(.milliseconds(10)...longestRun), .byDefault("20s"),
            "the mean time between two"),
        Field(
            "lasting", .duration(.milliseconds(1)...longestRun), .byDefault("10s"),
            "the mean length of one"),
        Field(
            "kinds",
            .oneOrMany(
                .choice(allAnd(FaultKindName.drawableByName.map { ($0.rawValue, $0.meaning) }))),
            .byDefault("all"), "what may be drawn"),
        Field(
            "solvable", .boolean, .byDefault("true"),
            "whether the draw takes care never to lose the last copy of anything"),
    ])

    private static func allAnd(_ names: [(name: String, meaning: String)]) -> [Choice] {
        [Choice(name: "all", meaning: "every one that befalls any cluster")]
            + names.map { Choice(name: $0.name, meaning: $0.meaning) }
    }
}
