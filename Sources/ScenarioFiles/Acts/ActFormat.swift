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
                    [Choice(name: "all", meaning: "every one but dropPartition")]
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
                name: "drawn", meaning: "acts that each seed draws", body: drawn, beside: []),
        ])

    static let examples = [
        "alter": "{ at: 20s, alter: { table: orders, add: note string } }",
        "drop": "{ at: 40s, drop: orders }",
        "drawn": "drawn: { every: 5s, kinds: [addColumn, widenColumn] }",
    ]
}

extension ScenarioAct {
    /// Precondition: the variant was checked, and is no draw.
    init(_ variant: CheckedVariant) {
        let body = variant.body
        at = variant.beside.duration("at")
        table = body.text("table")
        if variant.name != "drop" {
            kind = .alter(Self.changes(body).map(\.change))
        } else if body.has("partition") {
            kind = .dropPartition(body.text("partition"))
        } else {
            kind = .drop(absence: body.duration("absence"))
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
