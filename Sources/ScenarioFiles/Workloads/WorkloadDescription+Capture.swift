import Workloads

extension WorkloadDescription {
    static let capture = WorkloadDescription(
        "capture", "what was captured from a real system",
        example: "capture: { file: ../captures/nginx-access.log.zst, format: combinedLog }",
        scaled: ["rate", "speed"],
        options: [
            Field(
                "file", .text(maximumLength: 1000), .required,
                "the captured file, relative to the scenario; zstd, gzip and lz4 are decompressed",
                example: "../captures/shop.json.zst"),
            Field("format", .choice(formats), .required, "how the file is written"),
            Field("speed", .speed, .optional, "times the speed of the capture; 1x when absent"),
            Field("rate", .rate, .optional, "events, instead of the times of the capture"),
            Field(
                "tables", .oneOrMany(.text(maximumLength: 400)), .optional,
                "the names of the tables to replay; all when absent", example: "[shop.orders]"),
            Field(
                "without", .oneOrMany(.text(maximumLength: 400)), .optional,
                "the names of tables that are not replayed", example: "audit_log"),
            Field(
                "logFormat", .text(maximumLength: 4000), .optional,
                "of combinedLog: a format string of nginx or Apache, or one of combined, common, "
                    + "vhost_combined, combinedio, json", example: "common"),
            Field(
                "table", .text(maximumLength: 200), .optional,
                "of combinedLog: the name of its table; access_log when absent",
                example: "visits"),
        ], check: check
    ) { values, source in
        let path = source.path(of: values.text("file"))
        return try CaptureWorkload(try source.read(path), options(values, path))
    }

    private static let formats = [
        Choice(name: "wal2json", meaning: "PostgreSQL changes, wal2json format 1 or 2"),
        Choice(name: "combinedLog", meaning: "a web access log, see logFormat"),
        Choice(name: "debezium", meaning: "Debezium change events as JSON"),
    ]

    private static func check(_ values: CheckedRecord, _ reader: inout ShapeReader) {
        if values.has("speed"), values.has("rate") {
            reader.refuse(values.mark("rate"), "a capture has a speed or a rate, not both")
        }
        if values.has("format"), values.text("format") != "combinedLog" {
            for key in ["logFormat", "table"] where values.has(key) {
                reader.refuse(
                    values.mark(key), "'\(key)' is for captures of the format combinedLog")
            }
        }
    }

    private static func options(
        _ values: CheckedRecord, _ path: String
    ) -> CaptureWorkload.Options {
        guard let format = CaptureWorkload.Format(rawValue: values.text("format")) else {
            preconditionFailure("a format that the workload does not have")
        }
        var pace = CaptureWorkload.Pace.speed(perThousand: 1000)
        if values.has("speed") { pace = .speed(perThousand: values.integer("speed")) }
        if values.has("rate") {
            pace = .interval(values.rate("rate").interval ?? .seconds(1 << 30))
        }
        var options = CaptureWorkload.Options(file: path, format: format, pace: pace)
        if values.has("tables") { options.tables = values.list("tables").map(\.word) }
        if values.has("without") { options.without = values.list("without").map(\.word) }
        if values.has("logFormat") { options.logFormat = values.text("logFormat") }
        if values.has("table") { options.logTable = values.text("table") }
        return options
    }
}
