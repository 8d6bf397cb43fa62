import Workloads

extension WorkloadDescription {
    static let applicationLogs = WorkloadDescription(
        "applicationLogs", "the logs of some services, with incidents and deployments",
        example: "applicationLogs: { rate: 300/s, services: 8, instances: 4 }",
        tables: ["log_lines", "instances", "errors"],
        options: [
            CommonOptions.rate("200/s", "changes"),
            Field("services", .integer(1...1000), .byDefault("6"), "services"),
            Field("instances", .integer(1...1000), .byDefault("3"), "instances of each service"),
            Field(
                "incidentEvery", .duration(.seconds(1)...(.seconds(86_400))), .byDefault("40s"),
                "between two times of many errors"),
            Field(
                "incidentFor", .duration(.milliseconds(1)...(.seconds(86_400))), .byDefault("8s"),
                "how long one lasts"),
            Field("lateLines", .share, .byDefault("1%"), "lines that come up to 5 s late"),
            CommonOptions.writers,
            CommonOptions.readers("clients that look up and scan"),
        ] + ReadRates.fields,
        definitions: { _ in LogWorkload.definitions }
    ) { values, source in
        var options = LogWorkload.Options()
        options.services = values.integer("services")
        options.instances = values.integer("instances")
        options.interval = values.rate("rate").interval ?? .seconds(1 << 30)
        options.incidentEvery = values.duration("incidentEvery")
        options.incidentDuration = values.duration("incidentFor")
        options.latePartsPerMillion = values.integer("lateLines")
        return LogWorkload(seed: source.seed, options)
    }
}
