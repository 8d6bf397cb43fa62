import Workloads

extension WorkloadDescription {
    static let fleet = WorkloadDescription(
        "fleet", "telemetry of devices with gaps, bursts after them, and clocks that are wrong",
        example: "fleet: { rate: 200/s, devices: 500 }",
        tables: ["devices", "readings", "alerts"],
        scaled: ["rate", "devices"],
        options: [
            CommonOptions.rate("200/s", "changes"),
            Field("devices", .integer(1...1_000_000), .byDefault("200"), "devices"),
            Field("gaps", .share, .byDefault("0.8%"), "reports that begin a gap"),
            Field("repeated", .share, .byDefault("0.5%"), "readings that come twice"),
            Field("wrongClocks", .share, .byDefault("2%"), "devices whose clock is far off"),
            Field(
                "backlog", .integer(1...100_000), .byDefault("200"),
                "readings that a device keeps while nobody hears it"),
            CommonOptions.writers,
            CommonOptions.readers("clients that look up and scan"),
        ] + ReadRates.fields,
        definitions: { _ in FleetWorkload.definitions }
    ) { values, source in
        var options = FleetWorkload.Options()
        options.devices = values.integer("devices")
        options.interval = values.rate("rate").interval ?? .seconds(1 << 30)
        options.gapPartsPerMillion = values.integer("gaps")
        options.twicePartsPerMillion = values.integer("repeated")
        options.wrongClockPartsPerMillion = values.integer("wrongClocks")
        options.backlogLimit = values.integer("backlog")
        return FleetWorkload(seed: source.seed, options)
    }
}
