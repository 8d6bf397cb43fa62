/// The pages about tables and what is done to them, and about what the engine tells of itself.
extension Reference {
    static var tables: Reference {
        Reference(
            title: "Tables",
            introduction:
                "Items of `tables`: tables of any columns, keys and properties, which "
                + "`tableTraffic` writes to.",
            entries: [
                Entry(
                    name: "table", meaning: "its columns and what goes by them",
                    fields: TableFormat.shape.fields),
                Entry(
                    name: "properties",
                    meaning: "properties under Fluss's names; others than these that begin with "
                        + "`table.` are refused",
                    fields: TableFormat.propertyFields),
            ])
    }

    static var serving: Reference {
        Reference(
            title: "Configuration files",
            introduction:
                "What `wavetank serve --config FILE` reads: a mapping of these keys. What the "
                + "command line says goes before what the file says; paths are meant from the "
                + "file's folder.",
            entries: [
                Entry(name: "", meaning: "", fields: ServingFile.shape.fields),
                Entry(
                    name: "users", meaning: "who may call",
                    example: "{ name: alice, passwordFile: /run/secrets/alice }",
                    fields: ServingFile.user.fields),
                Entry(
                    name: "access", meaning: "that somebody may do something",
                    example:
                        "{ principal: User:alice, resource: cluster.shop, operations: READ }",
                    fields: ServingFile.entry.fields),
                Entry(
                    name: "quotas", meaning: "how much a client may ask for in a second",
                    example: "{ client: User:alice, produced: 8MiB, requests: 200 }",
                    fields: ServingFile.quota.fields),
            ])
    }

    static var acts: Reference {
        Reference(
            title: "Acts",
            introduction:
                "Items of `acts`: what users do to tables while they are written, with a date "
                + "(`at`) or drawn by each seed.",
            entries: ActFormat.shape.variants.map {
                Entry(
                    name: $0.name, meaning: $0.meaning, example: ActFormat.examples[$0.name] ?? "",
                    fields: $0.beside + $0.body.fields)
            })
    }

    static var probes: Reference {
        Reference(
            title: "Probes",
            introduction:
                "Rare paths of the engine. Reports count how often a run took each, and a fault "
                + "can wait for one: `after: in-sync set shrunk`.",
            entries: EnginePart.allCases.flatMap { part in
                part.probes.map { Entry(name: $0, meaning: "\(part.rawValue), \(part.meaning)") }
            })
    }
}
