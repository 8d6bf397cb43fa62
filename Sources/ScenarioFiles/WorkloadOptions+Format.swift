extension WorkloadOptions {
    static let shape = TaggedShape(
        noun: "workload",
        variants: [
            .init(
                name: "ecommerceCDC", meaning: "a shop's database as a stream of changes",
                body: EcommerceOptions.shape, beside: []),
            .init(
                name: "clickstream", meaning: "visits to a web shop",
                body: ClickstreamOptions.shape, beside: []),
            .init(
                name: "merging", meaning: "rows of few keys in a table of each merge engine",
                body: MergingOptions.shape, beside: []),
            .init(
                name: "capture", meaning: "what was captured from a real system",
                body: CaptureOptions.shape, beside: []),
        ])

    init(_ variant: CheckedVariant) {
        switch variant.name {
        case "ecommerceCDC": self = .ecommerceCDC(EcommerceOptions(variant.body))
        case "clickstream": self = .clickstream(ClickstreamOptions(variant.body))
        case "merging": self = .merging(MergingOptions(variant.body))
        case "capture": self = .capture(CaptureOptions(variant.body))
        default: preconditionFailure("a workload that the shape does not have")
        }
    }
}

extension EcommerceOptions {
    static let tableNames = [
        "customers", "products", "inventory", "orders", "order_lines", "payments",
    ]

    static let shape = RecordShape(
        [
            WorkloadTables.field(tableNames),
            Field("rate", .rate, .byDefault("200/s"), "changes"),
            Field("customers", .integer(1...10_000_000), .byDefault("1_000"), "customers"),
            Field("products", .integer(1...10_000_000), .byDefault("200"), "products"),
            Field("skew", .skew, .byDefault("80/20"), "how uneven the choice of rows is"),
            Burst.field,
            LateEvents.shareField,
            LateEvents.delayField,
            Field("deletes", .share, .byDefault("1%"), "changes that delete a row"),
            Field(
                "cleanUp", .integer(1...10_000), .byDefault("1"),
                "finished orders deleted together, the oldest first; any one of them when 1"),
            Field("writers", .integer(1...1000), .byDefault("4"), "clients that write"),
            Field(
                "readers", .integer(0...1000), .byDefault("2"), "clients that look up, scan, search"
            ),
        ] + ReadRates.fields)

    init(_ record: CheckedRecord) {
        tables = WorkloadTables.names(in: record)
        rate = record.rate("rate")
        customers = record.integer("customers")
        products = record.integer("products")
        skew = record.skew("skew")
        burst = Burst(in: record)
        lateEventsPartsPerMillion = record.integer("lateEvents")
        lateBy = record.duration("lateBy")
        deletesPartsPerMillion = record.integer("deletes")
        cleanUpCount = record.integer("cleanUp")
        writers = record.integer("writers")
        readers = record.integer("readers")
        reads = ReadRates(record)
    }
}

extension ClickstreamOptions {
    static let tableNames = ["page_views", "carts", "purchases", "sessions"]

    static let shape = RecordShape([
        WorkloadTables.field(tableNames),
        Field("rate", .rate, .byDefault("200/s"), "events"),
        Field("sessions", .integer(1...1_000_000), .byDefault("100"), "sessions open at one time"),
        Burst.field,
        LateEvents.shareField,
        LateEvents.delayField,
        Field("writers", .integer(1...1000), .byDefault("4"), "clients that write"),
    ])

    init(_ record: CheckedRecord) {
        tables = WorkloadTables.names(in: record)
        rate = record.rate("rate")
        sessions = record.integer("sessions")
        burst = Burst(in: record)
        lateEventsPartsPerMillion = record.integer("lateEvents")
        lateBy = record.duration("lateBy")
        writers = record.integer("writers")
    }
}

extension MergingOptions {
    static let tableNames = ["last_rows", "kept_rows", "first_rows", "versions", "totals"]

    static let shape = RecordShape([
        WorkloadTables.field(tableNames),
        Field("rate", .rate, .byDefault("100/s"), "changes"),
        Field("keys", .integer(1...1_000_000), .byDefault("200"), "keys of each table"),
        Field("writers", .integer(1...1000), .byDefault("4"), "clients that write"),
        Field("readers", .integer(0...1000), .byDefault("2"), "clients that look up and scan"),
    ])

    init(_ record: CheckedRecord) {
        tables = WorkloadTables.names(in: record)
        rate = record.rate("rate")
        keys = record.integer("keys")
        writers = record.integer("writers")
        readers = record.integer("readers")
    }
}

extension CaptureOptions {
    static let shape = RecordShape([
        Field(
            "file", .text(maximumLength: 1000), .required,
            "the captured file, relative to the scenario; zstd, gzip and lz4 are decompressed"),
        Field(
            "format",
            .choice([
                Choice(name: "wal2json", meaning: "PostgreSQL changes, wal2json format 1 or 2"),
                Choice(name: "combinedLog", meaning: "a web access log, see logFormat"),
                Choice(name: "debezium", meaning: "Debezium change events as JSON"),
            ]), .required, "how the file is written"),
        Field("speed", .speed, .optional, "times the speed of the capture; 1x when absent"),
        Field("rate", .rate, .optional, "events, instead of the times of the capture"),
        Field(
            "tables", .oneOrMany(.text(maximumLength: 400)), .optional,
            "the names of the tables to replay; all when absent"),
        Field(
            "without", .oneOrMany(.text(maximumLength: 400)), .optional,
            "the names of tables that are not replayed"),
        Field(
            "logFormat", .text(maximumLength: 4000), .optional,
            "of combinedLog: a format string of nginx or Apache, or one of combined, common, "
                + "vhost_combined, combinedio, json"),
        Field(
            "table", .text(maximumLength: 200), .optional,
            "of combinedLog: the name of its table; access_log when absent"),
    ])

    init(_ record: CheckedRecord) {
        guard let format = Format(rawValue: record.text("format")) else {
            preconditionFailure("a format that the shape does not have")
        }
        file = record.text("file")
        self.format = format
        if record.has("rate") {
            pace = .rate(record.rate("rate"))
        } else {
            pace = .speed(perThousand: record.has("speed") ? record.integer("speed") : 1000)
        }
        tables = record.has("tables") ? record.list("tables").map(\.word) : []
        without = record.has("without") ? record.list("without").map(\.word) : []
        logFormat = record.has("logFormat") ? record.text("logFormat") : nil
        logTable = record.has("table") ? record.text("table") : nil
    }
}

/// The key that says which tables of a workload there are.
private enum WorkloadTables {
    static func field(_ names: [String]) -> Field {
        Field(
            "tables",
            .oneOrMany(
                .choice(
                    [Choice(name: "all", meaning: "every one")]
                        + names.map { Choice(name: $0, meaning: "the table of this name") })),
            .byDefault("all"), "the tables that there are; changes of others do not happen")
    }

    static func names(in record: CheckedRecord) -> [String] {
        // A list of which each name was refused is not there.
        let names = record.has("tables") ? record.list("tables").map(\.word) : []
        return names.contains("all") ? [] : names
    }
}

/// The keys that say how many events come late, and how late.
private enum LateEvents {
    static let shareField = Field(
        "lateEvents", .share, .byDefault("2%"), "events that come late and out of order")
    static let delayField = Field(
        "lateBy", .duration(.milliseconds(1)...(.seconds(86_400))), .byDefault("10s"),
        "up to how much they are late")
}

extension Burst {
    static let field = Field(
        "burst",
        .record(
            RecordShape([
                Field(
                    "every", .duration(.seconds(1)...(.seconds(86_400))), .required,
                    "between two beginnings"),
                Field(
                    "for", .duration(.milliseconds(1)...(.seconds(86_400))), .required,
                    "how long one lasts"),
                Field("factor", .integer(2...1000), .required, "times the rate"),
            ])), .optional, "times of many events; none when absent")

    init?(in record: CheckedRecord) {
        guard record.has("burst") else { return nil }
        let burst = record.record("burst")
        every = burst.duration("every")
        duration = burst.duration("for")
        factor = burst.integer("factor")
    }
}
