import Columnar

/// The database of a shop as a stream of changes: customers, products, inventory, orders and
/// payments.
///
/// Orders have a life: placed with their lines, paid, shipped; some are cancelled. Finished orders
/// are deleted with their lines, one by one or in a clean-up of the oldest, and now and then a
/// customer or a product, as often as asked for.
/// Popular products and busy customers are changed far more than others, and some events carry a
/// time that is long past.
public final class EcommerceWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var customers = 1000
        public var products = 500
        public var eventPercent = 80
        public var keyPercent = 20
        public var latePartsPerMillion = 20_000
        public var lateMicroseconds = 60_000_000
        /// The share of changes that delete a row.
        public var deletesPartsPerMillion = 30_000
        /// Finished orders that are deleted together, the oldest first; any one of them when 1.
        public var cleanUpCount = 1
        public var pace = Pace(interval: .milliseconds(5))

        public init() {}
    }

    private enum Table: Int, CaseIterable {
        case customers, products, inventory, orders, orderLines, payments
    }

    private enum OrderState: String {
        case placed, paid, shipped, cancelled
    }

    private struct Order {
        var number: Int64
        var customer: Int64
        var lines: Int32
        var cents: Int64
        var state: OrderState
    }

    public let tables: [TableDefinition]
    private let options: Options
    private let embedder = TextEmbedder(dimension: 16)
    private var random: RandomSource
    private var elapsed = Duration.zero
    private var customers: [Int64] = []
    private var nextCustomer: Int64 = 1
    private var products: [Int64] = []
    private var nextProduct: Int64 = 1
    private var stock: [Int64: Int32] = [:]
    /// Orders to which something may still happen, and orders at rest; rows of both are there.
    private var orders: [Order] = []
    private var finished: [Order] = []
    private var orderCounts: [Int64: Int] = [:]
    private var nextOrder: Int64 = 1
    private var nextPayment: Int64 = 1
    /// Changes that belong to the transaction under way, one a step.
    private var queue: [Change] = []
    private var queueHead = 0
    private var changeCount = 0
    private var deleteCount = 0

    public init(seed: UInt64, _ options: Options = Options()) {
        self.options = options
        precondition(options.cleanUpCount > 0, "a clean-up of nothing")
        random = RandomSource(seed: seed, label: "e-commerce")
        tables = Self.definitions
    }

    public func redraw(_ number: UInt64) {
        random = RandomSource(seed: number, label: "e-commerce anew")
    }

    public func next(now: Int64) -> WorkloadStep? {
        let delay = options.pace.delay(at: elapsed, &random)
        elapsed += delay
        if queueHead == queue.count {
            queue.removeAll(keepingCapacity: true)
            queueHead = 0
            begin(eventTime(now))
        }
        let change = queue[queueHead]
        queueHead += 1
        return WorkloadStep(delay: delay, changes: [change])
    }

    private func eventTime(_ now: Int64) -> Int64 {
        if !random.chance(partsPerMillion: options.latePartsPerMillion) { return now }
        return now - Int64(random.below(options.lateMicroseconds))
    }

    // MARK: What happens in a shop

    private func begin(_ time: Int64) {
        if customers.count < 20 || products.count < 10 {
            random.below(2) == 0 ? addCustomer(time) : addProduct(time)
            return
        }
        switch random.below(100) {
        case ..<8 where customers.count < options.customers: addCustomer(time)
        case ..<14 where products.count < options.products: addProduct(time)
        case ..<24: changeCustomer(time)
        case ..<32: changeProduct(time)
        case ..<42: restock(time)
        case ..<66: placeOrder(time)
        default: moveOrder(time)
        }
        if queue.isEmpty { restock(time) }
    }

    private func emit(_ table: Table, _ kind: Change.Kind) {
        changeCount += 1
        if case .delete = kind { deleteCount += 1 }
        queue.append(Change(table: table.rawValue, kind))
    }

    /// Whether fewer rows have been deleted than were asked for.
    private var owesDeletes: Bool {
        deleteCount * 1_000_000 < options.deletesPartsPerMillion * changeCount
    }

    private func pick(_ keys: [Int64]) -> Int {
        random.skewed(
            keys.count, eventPercent: options.eventPercent, keyPercent: options.keyPercent)
    }

    private func addCustomer(_ time: Int64) {
        customers.append(nextCustomer)
        emitCustomer(nextCustomer, time)
        nextCustomer += 1
    }

    private func changeCustomer(_ time: Int64) {
        let position = pick(customers)
        let customer = customers[position]
        if customers.count > 20, owesDeletes, random.below(4) == 0,
            orderCounts[customer] == nil
        {
            customers.swapAt(position, customers.count - 1)
            customers.removeLast()
            emit(.customers, .delete(key: [.bigint(customer)]))
        } else {
            emitCustomer(customer, time)
        }
    }

    private func emitCustomer(_ number: Int64, _ time: Int64) {
        let name = Self.firstNames[random.below(Self.firstNames.count)]
        emit(
            .customers,
            .upsert([
                .bigint(number), .string("\(name) \(number)"),
                random.below(10) == 0
                    ? .null : .string("\(name.lowercased())\(number)@shop.example"),
                .int(Int32(random.below(5))), .timestamp(time),
            ]))
    }

    private func addProduct(_ time: Int64) {
        products.append(nextProduct)
        stock[nextProduct] = 100
        emitProduct(nextProduct, time)
        emitStock(nextProduct, time)
        nextProduct += 1
    }

    private func changeProduct(_ time: Int64) {
        let position = pick(products)
        let product = products[position]
        if products.count > 10, owesDeletes, random.below(4) == 0 {
            products.swapAt(position, products.count - 1)
            products.removeLast()
            stock[product] = nil
            emit(.products, .delete(key: [.bigint(product)]))
            emit(.inventory, .delete(key: [.bigint(product)]))
        } else {
            emitProduct(product, time)
        }
    }

    private func emitProduct(_ number: Int64, _ time: Int64) {
        let text =
            "\(Self.adjectives[random.below(Self.adjectives.count)]) "
            + "\(Self.materials[random.below(Self.materials.count)]) "
            + "\(Self.things[random.below(Self.things.count)]) \(number % 97)"
        emit(
            .products,
            .upsert([
                .bigint(number), .string(text), .decimal(Int128(100 + random.below(100_000))),
                .vector(embedder.embed(text)), .timestamp(time),
            ]))
    }

    private func restock(_ time: Int64) {
        let product = products[pick(products)]
        stock[product, default: 0] += Int32(1 + random.below(50))
        emitStock(product, time)
    }

    private func emitStock(_ product: Int64, _ time: Int64) {
        emit(
            .inventory,
            .upsert([.bigint(product), .int(stock[product] ?? 0), .timestamp(time)]))
    }

    private func placeOrder(_ time: Int64) {
        var order = Order(
            number: nextOrder, customer: customers[pick(customers)],
            lines: Int32(1 + random.below(3)), cents: 0, state: .placed)
        nextOrder += 1
        var lines: [Change.Kind] = []
        var taken: [Int64] = []
        for line in 0..<order.lines {
            let product = products[pick(products)]
            let quantity = Int32(1 + random.below(3))
            let cents = Int64(100 + random.below(50_000))
            order.cents += cents * Int64(quantity)
            stock[product, default: 0] -= quantity
            taken.append(product)
            lines.append(
                .upsert([
                    .bigint(order.number), .int(line), .bigint(product), .int(quantity),
                    .decimal(Int128(cents)),
                ]))
        }
        emitOrder(order, time)
        for line in lines { emit(.orderLines, line) }
        for product in taken { emitStock(product, time) }
        orders.append(order)
        orderCounts[order.customer, default: 0] += 1
        if orders.count > 2000 { finished.append(orders.removeFirst()) }
    }

    private func moveOrder(_ time: Int64) {
        if owesDeletes && finished.count >= options.cleanUpCount && random.below(2) == 0 {
            options.cleanUpCount == 1 ? deleteAnyOrder() : cleanUp()
            return
        }
        if orders.isEmpty { return }
        // Mostly the newest ones move.
        let position = orders.count - 1 - random.below(min(orders.count, 100))
        switch orders[position].state {
        case .placed where random.below(10) == 0: orders[position].state = .cancelled
        case .placed:
            orders[position].state = .paid
            let order = orders[position]
            emit(
                .payments,
                .append([
                    .bigint(nextPayment), .bigint(order.number), .decimal(Int128(order.cents)),
                    .string(random.below(2) == 0 ? "card" : "transfer"), .timestamp(time),
                ]))
            nextPayment += 1
        case .paid: orders[position].state = .shipped
        case .shipped, .cancelled: preconditionFailure("an order at rest among those that move")
        }
        emitOrder(orders[position], time)
        if orders[position].state == .shipped || orders[position].state == .cancelled {
            finished.append(orders.remove(at: position))
        }
    }

    private func deleteAnyOrder() {
        finished.swapAt(random.below(finished.count), finished.count - 1)
        delete(finished.removeLast())
    }

    /// Deletes the oldest orders, keys that are neighbours, as a shop does at night.
    private func cleanUp() {
        finished.sort { $0.number < $1.number }
        for order in finished.prefix(options.cleanUpCount) { delete(order) }
        finished.removeFirst(options.cleanUpCount)
    }

    private func delete(_ order: Order) {
        for line in 0..<order.lines {
            emit(.orderLines, .delete(key: [.bigint(order.number), .int(line)]))
        }
        emit(.orders, .delete(key: [.bigint(order.number)]))
        let left = orderCounts[order.customer]! - 1
        orderCounts[order.customer] = left == 0 ? nil : left
    }

    private func emitOrder(_ order: Order, _ time: Int64) {
        emit(
            .orders,
            .upsert([
                .bigint(order.number), .bigint(order.customer), .string(order.state.rawValue),
                .decimal(Int128(order.cents)), .boolean(order.lines > 1), .timestamp(time),
            ]))
    }
}

extension EcommerceWorkload {
    /// Its tables, whatever the options.
    public static var definitions: [TableDefinition] {
        func table(
            _ name: String, _ fields: [(String, DataType, Bool)], key: [Int], vector: Int? = nil
        ) -> TableDefinition {
            let schema = Schema(
                fields: fields.enumerated().map {
                    Field(
                        identifier: Int32($0.offset + 1), name: $0.element.0, type: $0.element.1,
                        isNullable: $0.element.2)
                }, primaryKey: key)
            return TableDefinition(
                name: name, schema: schema, bucketKey: key.isEmpty ? [0] : [key[0]],
                vectorColumn: vector)
        }
        let money = DataType.decimal(precision: 12, scale: 2)
        return [
            table(
                "customers",
                [
                    ("id", .bigint, false), ("name", .string, false), ("email", .string, true),
                    ("tier", .int, false), ("updated_at", .timestampLTZ(precision: 6), false),
                ], key: [0]),
            table(
                "products",
                [
                    ("id", .bigint, false), ("description", .string, false),
                    ("price", money, false),
                    ("embedding", .vector(dimension: 16), false),
                    ("updated_at", .timestampLTZ(precision: 6), false),
                ], key: [0], vector: 3),
            table(
                "inventory",
                [
                    ("product_id", .bigint, false), ("quantity", .int, false),
                    ("updated_at", .timestampLTZ(precision: 6), false),
                ], key: [0]),
            table(
                "orders",
                [
                    ("id", .bigint, false), ("customer_id", .bigint, false),
                    ("status", .string, false), ("total", money, false),
                    ("has_many_lines", .boolean, false),
                    ("updated_at", .timestampLTZ(precision: 6), false),
                ], key: [0]),
            table(
                "order_lines",
                [
                    ("order_id", .bigint, false), ("line", .int, false),
                    ("product_id", .bigint, false), ("quantity", .int, false),
                    ("price", money, false),
                ], key: [0, 1]),
            table(
                "payments",
                [
                    ("id", .bigint, false), ("order_id", .bigint, false), ("amount", money, false),
                    ("method", .string, false), ("paid_at", .timestampLTZ(precision: 6), false),
                ], key: []),
        ]
    }

    private static let firstNames = [
        "Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "Ken", "Leslie", "Niklaus", "Tony",
    ]
    private static let adjectives = [
        "light", "sturdy", "folding", "warm", "small", "large", "quiet", "bright", "soft", "plain",
    ]
    private static let materials = [
        "wooden", "steel", "cotton", "leather", "glass", "paper", "woollen", "copper", "stone",
    ]
    private static let things = [
        "chair", "lamp", "jacket", "kettle", "notebook", "bicycle", "table", "clock", "tent",
        "mirror", "bag", "shelf",
    ]
}
