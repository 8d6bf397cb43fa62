import Workloads

extension WorkloadDescription {
    static let ecommerceCDC = WorkloadDescription(
        "ecommerceCDC", "a shop's database as a stream of changes",
        example: "ecommerceCDC: { rate: 100/s, products: 50, lookups: 20/s }",
        tables: ["customers", "products", "inventory", "orders", "order_lines", "payments"],
        scaled: ["rate", "customers", "products"],
        options: [
            CommonOptions.rate("200/s", "changes"),
            Field("customers", .integer(1...10_000_000), .byDefault("1_000"), "customers")
                .drawn("1", "5000"),
            Field("products", .integer(1...10_000_000), .byDefault("200"), "products")
                .drawn("1", "2000"),
            Field("skew", .skew, .byDefault("80/20"), "how uneven the choice of rows is"),
            CommonOptions.burst,
        ] + CommonOptions.lateEvents + [
            Field("deletes", .share, .byDefault("1%"), "changes that delete a row"),
            Field(
                "cleanUp", .integer(1...10_000), .byDefault("1"),
                "finished orders deleted together, the oldest first; any one of them when 1"),
            CommonOptions.writers,
            CommonOptions.readers("clients that look up, scan, search"),
        ] + ReadRates.fields,
        definitions: { _ in EcommerceWorkload.definitions }
    ) { values, source in
        var options = EcommerceWorkload.Options()
        options.customers = values.integer("customers")
        options.products = values.integer("products")
        options.eventPercent = values.skew("skew").eventPercent
        options.keyPercent = values.skew("skew").keyPercent
        options.latePartsPerMillion = values.integer("lateEvents")
        options.lateMicroseconds = values.lateMicroseconds
        options.deletesPartsPerMillion = values.integer("deletes")
        options.cleanUpCount = values.integer("cleanUp")
        options.pace = values.pace
        return EcommerceWorkload(seed: source.seed, options)
    }
}
