import Workloads

extension WorkloadDescription {
    static let merging = WorkloadDescription(
        "merging", "rows of few keys in a table of each merge engine",
        example: "merging: { rate: 50/s, keys: 20 }",
        tables: ["last_rows", "kept_rows", "first_rows", "versions", "totals"],
        scaled: ["rate", "keys"],
        options: [
            CommonOptions.rate("100/s", "changes"),
            Field("keys", .integer(1...1_000_000), .byDefault("200"), "keys of each table"),
            CommonOptions.writers,
            CommonOptions.readers("clients that look up and scan"),
        ]
    ) { values, source in
        var options = MergingWorkload.Options()
        options.keys = values.integer("keys")
        options.pace = values.pace
        return MergingWorkload(seed: source.seed, options)
    }
}
