import Cluster

/// The one description of `acts`, from which reader, schema and reference work.
enum ActFormat {
    static let at = Field(
        "at", .duration(.zero...ScenarioFormat.longestRun), .required,
        "when it is begun, from the start of the run", example: "30s")

    static let alter = RecordShape([
        Field(
            "table", .text(maximumLength: 200), .required,
            "one of the scenario's `tables`, or of those that a workload brings along",
            example: "orders"),
        Field(
            "add", .oneOrMany(.column), .optional, "columns to add, null in older rows",
            example: "note string"),
        Field(
            "drop", .oneOrMany(.text(maximumLength: 255)), .optional, "columns to drop",
            example: "note"),
        Field(
            "rename",
            .record(
                RecordShape([
                    Field(
                        "column", .text(maximumLength: 255), .required, "its name so far",
                        example: "note"),
                    Field(
                        "to", .text(maximumLength: 255), .required, "its name from then on",
                        example: "remark"),
                ])), .optional, "a column to rename", example: "{ column: note, to: remark }"),
        Field(
            "widen", .oneOrMany(.column), .optional,
            "columns with the types, which hold more, that they get", example: "amount bigint"),
        Field(
            "move",
            .record(
                RecordShape([
                    Field(
                        "column", .text(maximumLength: 255), .required, "which one",
                        example: "note"),
                    Field(
                        "after", .text(maximumLength: 255), .optional,
                        "the column before it; it is first when absent", example: "id"),
                ])), .optional, "a column to put elsewhere",
            example: "{ column: note, after: id }"),
        Field(
            "set", .properties, .optional, "properties to set",
            example: "{ table.log.arrow.compression.type: ZSTD }"),
    ])

    static let drop = RecordShape(
        [
            Field(
                "table", .text(maximumLength: 200), .required, "one of the scenario's `tables`",
                example: "orders"),
            Field(
                "absence", .duration(.zero...ScenarioFormat.longestRun), .byDefault("2s"),
                "after which it is created again, as another table under its name"),
            Field(
                "partition", .text(maximumLength: 255), .optional,
                "of a partitioned table: this partition alone is dropped, with its rows",
                example: "eu"),
        ], shorthand: "table")

    static let dropDatabase = RecordShape(
        [
            Field(
                "database", .text(maximumLength: 200), .required,
                "one that the scenario's `tables` are in", example: "shop"),
            Field(
                "absence", .duration(.zero...ScenarioFormat.longestRun), .byDefault("2s"),
                "after which its tables are created again, as others under their names"),
        ], shorthand: "database")

    private static let cancelAfter = Field(
        "cancelAfter", .duration(.zero...ScenarioFormat.longestRun), .optional,
        "after which it is taken back, if it has not ended", example: "1s")

    static let reassign = RecordShape(
        [
            Field(
                "table", .text(maximumLength: 200), .required, "one of the scenario's `tables`",
                example: "orders"),
            Field("bucket", .integer(0...1023), .byDefault("0"), "which one of its buckets"),
            Field(
                "to", .oneOrMany(.text(maximumLength: 200)), .optional,
                "the servers that its replicas move to, the first to lead; those that hold none "
                    + "come first when absent", example: "[server-2, server-3, server-4]"),
            cancelAfter,
        ], shorthand: "table")

    static let rebalance = RecordShape(
        [
            Field(
                "goals",
                .oneOrMany(
                    .choice([
                        Choice(name: "all", meaning: "both"),
                        Choice(name: "replicas", meaning: "as many replicas on each server"),
                        Choice(name: "leaders", meaning: "as many leaders on each server"),
                    ])), .byDefault("all"), "what is spread evenly"),
            cancelAfter,
        ], shorthand: "goals")

    static let drawn = RecordShape([
        Field(
            "from", .duration(.zero...ScenarioFormat.longestRun), .byDefault("10s"),
            "the first may begin"),
        Field(
            "until", .duration(.zero...ScenarioFormat.longestRun), .optional,
            "none begins any more; four fifths of the run when absent"),
        Field(
            "every", .duration(.milliseconds(10)...ScenarioFormat.longestRun), .byDefault("10s"),
            "the mean time between two"),
        Field(
            "kinds",
            .oneOrMany(
                .choice(
                    [Choice(name: "all", meaning: "every one that changes what a table is")]
                        + ActKindName.allCases.map {
                            Choice(name: $0.rawValue, meaning: $0.meaning)
                        })), .byDefault("all"), "what may be drawn"),
    ])

    static let shape = TaggedShape(
        noun: "act",
        variants: [
            TaggedShape.Variant(
                name: "alter", meaning: "a table is altered, in one step", body: alter,
                beside: [at]),
            TaggedShape.Variant(
                name: "drop",
                meaning: "a table is dropped, and created again; or a partition of it is",
                body: drop,
                beside: [at]),
            TaggedShape.Variant(
                name: "dropDatabase",
                meaning: "a database is dropped with its tables, which are created again",
                body: dropDatabase, beside: [at]),
            TaggedShape.Variant(
                name: "reassign", meaning: "the replicas of a bucket move to other servers",
                body: reassign, beside: [at]),
            TaggedShape.Variant(
                name: "rebalance", meaning: "replicas and leaders are spread over the servers",
                body: rebalance, beside: [at]),
            TaggedShape.Variant(
                name: "drawn", meaning: "acts that each seed draws", body: drawn, beside: []),
        ])

    static let examples = [
        "alter": "{ at: 20s, alter: { table: orders, add: note string } }",
        "drop": "{ at: 40s, drop: orders }",
        "dropDatabase": "{ at: 40s, dropDatabase: shop }",
        "reassign": "{ at: 30s, reassign: { table: orders, bucket: 1 } }",
        "rebalance": "{ at: 50s, rebalance: all }",
        "drawn": "drawn: { every: 5s, kinds: [addColumn, widenColumn] }",
    ]
}

extension ScenarioAct {
    /// Precondition: the variant was checked, and is no draw.
    init(_ variant: CheckedVariant) {
        let body = variant.body
        at = variant.beside.duration("at")
        let isOfTable = variant.name != "rebalance" && variant.name != "dropDatabase"
        table = isOfTable ? body.text("table") : nil
        switch variant.name {
        case "reassign":
            kind = .reassign(
                bucket: body.integer("bucket"), to: body.has("to") ? body.words("to") : [],
                cancelAfter: Self.cancelAfter(body))
        case "rebalance":
            kind = .rebalance(Self.goals(body), cancelAfter: Self.cancelAfter(body))
        case "dropDatabase":
            kind = .dropDatabase(body.text("database"), absence: body.duration("absence"))
        case "drop":
            kind =
                body.has("partition")
                ? .dropPartition(body.text("partition"))
                : .drop(absence: body.duration("absence"))
        default: kind = .alter(Self.changes(body).map(\.change))
        }
    }

    private static func cancelAfter(_ body: CheckedRecord) -> Duration? {
        body.has("cancelAfter") ? body.duration("cancelAfter") : nil
    }

    private static func goals(_ body: CheckedRecord) -> [Rebalance.Goal] {
        let words = body.words("goals")
        return Rebalance.Goal.allCases.filter { goal in
            words.contains("all")
                || words.contains(goal == .replicaDistribution ? "replicas" : "leaders")
        }
    }

    /// The changes of an alteration in their order, each with where it stands.
    static func changes(
        _ body: CheckedRecord
    ) -> [(change: TableChange, mark: SourceMark?)] {
        func items(_ name: String) -> [CheckedValue] { body.has(name) ? body.list(name) : [] }
        func columns(_ name: String) -> [(column: ColumnText, mark: SourceMark?)] {
            items(name).compactMap { value in
                (try? ColumnText(value.word)).map { ($0, value.mark) }
            }
        }
        var changes: [(TableChange, SourceMark?)] = columns("add").map {
            (.addColumn(name: $0.column.name, type: $0.column.type), $0.mark)
        }
        changes += items("drop").map { (.dropColumn(name: $0.word), $0.mark) }
        if body.has("rename") {
            let rename = body.record("rename")
            changes.append(
                (
                    .renameColumn(name: rename.text("column"), to: rename.text("to")),
                    rename.mark("column")
                ))
        }
        changes += columns("widen").map {
            (.widenColumn(name: $0.column.name, type: $0.column.type), $0.mark)
        }
        if body.has("move") {
            let move = body.record("move")
            let after = move.has("after") ? move.text("after") : nil
            changes.append(
                (.moveColumn(name: move.text("column"), after: after), move.mark("column")))
        }
        changes += body.pairs("set").map {
            (.setProperty(name: $0.name, value: $0.value.word), $0.value.mark)
        }
        return changes
    }
}

extension DrawnActs {
    init(_ record: CheckedRecord, length: Duration) {
        let names = record.list("kinds").map(\.word)
        let until = record.has("until") ? record.duration("until") : length / 5 * 4
        self.init(
            from: min(record.duration("from"), until), until: until,
            every: record.duration("every"),
            kinds: ActKindName.allCases.filter {
                names.contains("all") && ActKindName.all.contains($0)
                    || names.contains($0.rawValue)
            })
    }
}
