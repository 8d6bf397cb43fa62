import Workloads

extension WorkloadDescription {
    static let shop = WorkloadDescription(
        "shop", "a shop as one world: its database, and the visits to its pages",
        example: "shop: { rate: 200/s, customers: 1_000_000, lookups: 20/s }",
        tables: [
            "customers", "products", "inventory", "coupons", "baskets", "orders", "order_lines",
            "payments", "shipments", "sessions", "events", "fraud_cases",
        ],
        scaled: ["rate", "customers", "products"],
        options: [
            CommonOptions.rate("200/s", "changes, in the mean of a week"),
            Field("customers", .integer(10...10_000_000), .byDefault("10_000"), "customers"),
            Field("products", .integer(10...1_000_000), .byDefault("1_000"), "products"),
            Field(
                "speed", .integer(1...100_000), .byDefault("600"),
                "how many times faster than the cluster's the shop's clock runs"),
            Field(
                "startHour", .integer(0...23), .byDefault("9"),
                "the hour of the Monday on which it begins"),
            Field(
                "dimension", .integer(2...4096), .byDefault("16"),
                "elements of the vectors of products and sessions"),
            Field(
                "retained", .integer(1...1_000_000), .byDefault("300"),
                "finished orders and ended sessions that keep their rows"),
            Field("fraudRings", .integer(0...100), .byDefault("4"), "rings of fraudsters"),
            Field("lateEvents", .share, .byDefault("2%"), "events that come late, within an hour"),
            Field("repeatedEvents", .share, .byDefault("0.2%"), "events that come twice"),
            CommonOptions.writers,
            CommonOptions.readers("clients that look up, scan, search"),
        ] + ReadRates.fields,
        definitions: { ShopWorkload.definitions(ShopWorkload.Options($0)) }
    ) { values, source in
        ShopWorkload(seed: source.seed, ShopWorkload.Options(values))
    }
}

extension ShopWorkload.Options {
    fileprivate init(_ values: CheckedRecord) {
        self.init()
        customers = values.integer("customers")
        products = values.integer("products")
        interval = values.rate("rate").interval ?? .seconds(1 << 30)
        speed = values.integer("speed")
        startHour = values.integer("startHour")
        dimension = values.integer("dimension")
        retained = values.integer("retained")
        fraudRings = values.integer("fraudRings")
        latePartsPerMillion = values.integer("lateEvents")
        twicePartsPerMillion = values.integer("repeatedEvents")
    }
}
