import Workloads

extension WorkloadDescription {
    static let tableTraffic = WorkloadDescription(
        "tableTraffic", "changes of any tables, drawn from their schemas",
        example: "tableTraffic: { rate: 50/s, keys: 20, drawnTables: 4 }",
        scaled: ["rate", "keys"],
        options: [
            CommonOptions.rate("100/s", "changes"),
            Field(
                "tables", .oneOrMany(.text(maximumLength: 200)), .byDefault("all"),
                "names out of the scenario's `tables`"),
            Field(
                "drawnTables", .integer(0...100), .byDefault("0"),
                "further tables whose columns, keys and properties each seed draws"),
            Field("keys", .integer(1...1_000_000), .byDefault("200"), "keys of each table")
                .drawn("4", "2000"),
            Field("deletes", .share, .byDefault("10%"), "changes that delete a row"),
            Field(
                "partialUpdates", .share, .byDefault("30%"),
                "changes of some columns only, where the merge engine has them"),
            Field(
                "partialDeletes", .share, .byDefault("20%"),
                "deletions of some columns only, where there are partial updates and no column is "
                    + "dropped"),
            Field(
                "insertsIfAbsent", .share, .byDefault("3%"),
                "keys that are looked up, and inserted if they have no row"),
            Field(
                "largestValue", .byteCount(1...(1 << 20)), .byDefault("20KiB"),
                "bytes of the largest text"),
            CommonOptions.writers,
            CommonOptions.readers("clients that look up and scan"),
        ] + ReadRates.fields,
        tableNames: { values, tables in
            let asked = values.names("tables")
            return (asked.isEmpty ? tables : asked)
                + TableTraffic.drawnNames(values.integer("drawnTables"))
        }
    ) { values, source in
        var options = TableTraffic.Options()
        options.keys = values.integer("keys")
        options.pace = values.pace
        options.deletesPartsPerMillion = values.integer("deletes")
        options.partialPartsPerMillion = values.integer("partialUpdates")
        options.partialDeletesPartsPerMillion = values.integer("partialDeletes")
        options.tablesLosingColumns = source.tablesLosingColumns
        options.insertsPartsPerMillion = values.integer("insertsIfAbsent")
        options.largestByteCount = values.integer("largestValue")
        let asked = values.names("tables")
        return TableTraffic(
            seed: source.seed,
            tables: source.tables.filter { asked.isEmpty || asked.contains($0.name) },
            drawnCount: values.integer("drawnTables"), options)
    }
}
