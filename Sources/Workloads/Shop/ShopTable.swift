import Columnar

/// The tables of a shop.
enum ShopTable: Int, CaseIterable {
    case customers, products, inventory, coupons, baskets, orders, orderLines, payments, shipments
    case sessions, events, fraudCases

    static func definitions(dimension: Int) -> [TableDefinition] {
        allCases.map { $0.definition(dimension: dimension) }
    }

    private static let money = DataType.decimal(precision: 14, scale: 2)
    private static let time = DataType.timestampLTZ(precision: 6)

    /// A column's name, its type, and whether it may be null.
    private typealias Column = (name: String, type: DataType, isNullable: Bool)

    private static func nested(_ columns: [Column]) -> DataType {
        .row(
            RowType(
                columns.map {
                    Field(identifier: 0, name: $0.name, type: $0.type, isNullable: $0.isNullable)
                }))
    }

    private func table(
        _ name: String, _ columns: [Column], key: [Int] = [], bucketKey: [Int]? = nil,
        vector: Int? = nil
    ) -> TableDefinition {
        let schema = Schema(
            fields: columns.enumerated().map { position, column in
                Field(
                    identifier: Int32(position + 1), name: column.name, type: column.type,
                    isNullable: column.isNullable)
            }, primaryKey: key)
        return TableDefinition(
            name: name, schema: schema, bucketKey: bucketKey ?? [key.first ?? 0],
            vectorColumn: vector)
    }

    private func definition(dimension: Int) -> TableDefinition {
        let vector = DataType.vector(dimension: dimension)
        switch self {
        case .customers, .products, .inventory, .coupons: return stock(vector)
        case .baskets, .orders, .orderLines, .payments, .shipments: return sale
        case .sessions:
            return table(
                "sessions",
                [
                    ("id", .string, false), ("visitor_id", .bigint, false),
                    ("customer_id", .bigint, true), ("agent", .string, false),
                    ("campaign", .string, true), ("started_at", Self.time, false),
                    ("last_seen_at", Self.time, false), ("views", .int, false),
                    ("interest", vector, true), ("bought", .boolean, false),
                    ("ended", .boolean, false),
                ], key: [0], vector: 8)
        case .events:
            return table(
                "events",
                [
                    ("id", .string, false), ("session_id", .string, false),
                    ("visitor_id", .bigint, false), ("customer_id", .bigint, true),
                    ("type", .string, false), ("sku", .string, true),
                    ("category", .string, true), ("query", .string, true),
                    ("campaign", .string, true), ("agent", .string, false),
                    ("properties", .string, true), ("occurred_at", Self.time, false),
                ], bucketKey: [1])
        case .fraudCases:
            return table(
                "fraud_cases",
                [
                    ("ring", .int, false), ("kind", .string, false), ("order_id", .bigint, true),
                    ("customer_id", .bigint, true), ("opened_at", Self.time, false),
                ])
        }
    }

    private func stock(_ vector: DataType) -> TableDefinition {
        switch self {
        case .customers:
            let address = Self.nested([
                ("street", .string, false), ("city", .string, false), ("postcode", .string, true),
            ])
            return table(
                "customers",
                [
                    ("id", .bigint, false), ("name", .string, false), ("email", .string, true),
                    ("currency", .char(length: 3), false), ("tier", .int, false),
                    ("address", address, true), ("preferences", .string, true),
                    ("orders", .int, false), ("updated_at", Self.time, false),
                ], key: [0])
        case .products:
            return table(
                "products",
                [
                    ("sku", .string, false), ("name", .string, false),
                    ("description", .string, false), ("category", .string, false),
                    ("brand", .string, false), ("price", Self.money, false),
                    ("regular_price", Self.money, true),
                    ("attributes", .map(MapType(.string, .string)), true),
                    ("embedding", vector, false), ("updated_at", Self.time, false),
                ], key: [0], vector: 8)
        case .inventory:
            return table(
                "inventory",
                [
                    ("sku", .string, false), ("warehouse", .int, false),
                    ("on_hand", .int, false), ("reserved", .int, false),
                    ("updated_at", Self.time, false),
                ], key: [0, 1])
        default:
            return table(
                "coupons",
                [
                    ("code", .string, false), ("percent", .int, false), ("uses", .int, false),
                    ("use_limit", .int, false), ("updated_at", Self.time, false),
                ], key: [0])
        }
    }

    private var sale: TableDefinition {
        let item = Self.nested([
            ("sku", .string, false), ("quantity", .int, false), ("price", Self.money, false),
        ])
        switch self {
        case .baskets:
            return table(
                "baskets",
                [
                    ("session_id", .string, false),
                    ("items", .array(ArrayType(item, isNullable: false)), false),
                    ("updated_at", Self.time, false),
                ], key: [0])
        case .orders:
            return table(
                "orders",
                [
                    ("id", .bigint, false), ("customer_id", .bigint, true),
                    ("session_id", .string, true), ("status", .string, false),
                    ("currency", .char(length: 3), false), ("goods", Self.money, false),
                    ("discount", Self.money, false), ("total", Self.money, false),
                    ("coupon", .string, true), ("placed_at", Self.time, false),
                    ("updated_at", Self.time, false),
                ], key: [0])
        case .orderLines:
            return table(
                "order_lines",
                [
                    ("order_id", .bigint, false), ("line", .int, false), ("sku", .string, false),
                    ("quantity", .int, false), ("price", Self.money, false),
                    ("warehouse", .int, false), ("returned", .int, false),
                ], key: [0, 1])
        case .payments:
            return table(
                "payments",
                [
                    ("id", .string, false), ("order_id", .bigint, false),
                    ("card", .string, true), ("amount", Self.money, false),
                    ("refunded", Self.money, false), ("currency", .char(length: 3), false),
                    ("status", .string, false), ("reason", .string, true),
                    ("updated_at", Self.time, false),
                ], key: [0])
        default:
            return table(
                "shipments",
                [
                    ("order_id", .bigint, false), ("part", .int, false),
                    ("warehouse", .int, false), ("carrier", .string, false),
                    ("lines", .array(ArrayType(.int, isNullable: false)), false),
                    ("shipped_at", Self.time, false), ("delivered_at", Self.time, true),
                ], key: [0, 1])
        }
    }
}
