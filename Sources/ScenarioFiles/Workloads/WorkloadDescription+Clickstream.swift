import Workloads

extension WorkloadDescription {
    static let clickstream = WorkloadDescription(
        "clickstream", "visits to a web shop",
        example: "clickstream: { rate: 200/s, sessions: 50, tables: [page_views, carts] }",
        tables: ["page_views", "carts", "purchases", "sessions"],
        scaled: ["rate", "sessions"],
        options: [
            CommonOptions.rate("200/s", "events"),
            Field(
                "sessions", .integer(1...1_000_000), .byDefault("100"),
                "sessions open at one time"),
            CommonOptions.burst,
        ] + CommonOptions.lateEvents + [CommonOptions.writers],
        definitions: { _ in ClickstreamWorkload.definitions }
    ) { values, source in
        var options = ClickstreamWorkload.Options()
        options.sessions = values.integer("sessions")
        options.latePartsPerMillion = values.integer("lateEvents")
        options.lateMicroseconds = values.lateMicroseconds
        options.pace = values.pace
        return ClickstreamWorkload(seed: source.seed, options)
    }
}
