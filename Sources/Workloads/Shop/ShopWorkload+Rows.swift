import Columnar

extension ShopWorkload {
    func emit(_ table: ShopTable, _ kind: Change.Kind) {
        changes.append(Change(table: table.rawValue, kind))
    }

    private func money(_ cents: Int64) -> Value { .decimal(Int128(cents)) }

    func emit(customer: Int) {
        let history = customers[customer]
        var fixed = customers.source(customer, "customer")
        var varied = customers.source(customer, "version \(history.version)")
        let first = ShopWords.firstNames[fixed.below(ShopWords.firstNames.count)]
        let last = ShopWords.lastNames[fixed.below(ShopWords.lastNames.count)]
        // One of ten has given no address, some of the others no postcode.
        let city = ShopWords.cities[varied.below(ShopWords.cities.count)]
        let street = ShopWords.streets[varied.below(ShopWords.streets.count)]
        let address: Value =
            fixed.below(10) == 0
            ? .null
            : .row([
                .string("\(street) \(1 + varied.below(200))"), .string(city),
                varied.below(7) == 0 ? .null : .string("\(10_000 + varied.below(90_000))"),
            ])
        let preferences: Value =
            fixed.below(10) < 6
            ? .null
            : .string(
                "{\"newsletter\":\(varied.below(2) == 0),\"size\":\(36 + fixed.below(12)),"
                    + "\"likes\":[\"\(ShopWords.categories[fixed.below(8)])\"]}")
        emit(
            .customers,
            .upsert([
                .bigint(Int64(customer)), .string("\(first) \(last)"),
                fixed.below(25) == 0
                    ? .null : .string("user\(customer).\(history.version)@mail.example"),
                .string(customers.currency(customer).rawValue),
                .int(Int32(min(4, history.orders / 5))), address, preferences,
                .int(Int32(history.orders)), .timestamp(clock),
            ]))
    }

    func emit(product: Int) {
        let held = catalogue[product]
        var fixed = RandomSource(seed: UInt64(product), label: "attributes")
        let attributes: Value =
            fixed.below(4) == 0
            ? .null
            : .map([
                MapEntry(
                    .string("material"), .string(ShopWords.materials[fixed.below(10)])),
                MapEntry(
                    .string("grams"),
                    fixed.below(5) == 0 ? .null : .string("\(50 + fixed.below(5000))")),
            ])
        emit(
            .products,
            .upsert([
                .string(catalogue.sku(product)), .string(catalogue.name(product)),
                .string(catalogue.description(product)),
                .string(ShopWords.categories[catalogue.category(product)]),
                .string(catalogue.brand(product)), money(Int64(held.cents)),
                held.regularCents == 0 ? .null : money(Int64(held.regularCents)), attributes,
                .vector(embedder.embed(catalogue.summary(product))), .timestamp(clock),
            ]))
    }

    func emit(stock product: Int, _ warehouse: Int) {
        let held = catalogue[product]
        let isFirst = warehouse == 0
        emit(
            .inventory,
            .upsert([
                .string(catalogue.sku(product)), .int(Int32(warehouse)),
                .int(Int32(isFirst ? held.onHand.0 : held.onHand.1)),
                .int(Int32(isFirst ? held.reserved.0 : held.reserved.1)), .timestamp(clock),
            ]))
    }

    func emit(coupon: ShopCoupon) {
        emit(
            .coupons,
            .upsert([
                .string(coupon.code), .int(Int32(coupon.percent)), .int(Int32(coupon.uses)),
                .int(Int32(coupon.useLimit)), .timestamp(clock),
            ]))
    }

    func emit(basket visit: ShopVisit) {
        let items = visit.basket.map { product, quantity in
            Value.row([
                .string(catalogue.sku(product)), .int(Int32(quantity)),
                money(Int64(catalogue[product].cents)),
            ])
        }
        emit(.baskets, .upsert([.string(visit.key), .array(items), .timestamp(clock)]))
    }

    func emit(order: ShopOrder) {
        emit(
            .orders,
            .upsert([
                .bigint(order.number), order.customer.map { .bigint(Int64($0)) } ?? .null,
                order.session.map { .string($0) } ?? .null, .string(order.status.rawValue),
                .string(order.currency.rawValue), money(order.goodsCents),
                money(order.discountCents), money(order.currency.amount(order.totalCents)),
                order.coupon.map { .string($0) } ?? .null, .timestamp(order.placed),
                .timestamp(clock),
            ]))
    }

    func emit(line place: Int, of order: ShopOrder) {
        let line = order.lines[place]
        emit(
            .orderLines,
            .upsert([
                .bigint(order.number), .int(Int32(place)), .string(catalogue.sku(line.product)),
                .int(Int32(line.quantity)), money(line.cents), .int(Int32(line.warehouse)),
                .int(Int32(line.returned)),
            ]))
    }

    func emit(payment order: ShopOrder, _ status: String, reason: String? = nil) {
        emit(
            .payments,
            .upsert([
                .string(order.payment), .bigint(order.number),
                order.card.map { .string($0) } ?? .null,
                money(order.currency.amount(order.totalCents)),
                money(order.currency.amount(order.refundedCents)),
                .string(order.currency.rawValue), .string(status),
                reason.map { .string($0) } ?? .null, .timestamp(clock),
            ]))
    }

    func emit(shipment part: Int, of order: ShopOrder, delivered: Int64?) {
        let lines = order.lines.indices.filter { order.lines[$0].part == part }
        emit(
            .shipments,
            .upsert([
                .bigint(order.number), .int(Int32(part)),
                .int(Int32(order.lines[lines[0]].warehouse)),
                .string(ShopWords.carriers[Int(order.number) % ShopWords.carriers.count]),
                .array(lines.map { .int(Int32($0)) }), .timestamp(order.shipped[part]),
                delivered.map { .timestamp($0) } ?? .null,
            ]))
    }

    // MARK: Visits

    private func agent(_ visit: ShopVisit) -> String {
        visit.bot.map { ShopWords.bots[$0] } ?? ShopWords.devices[visit.device]
    }

    func emit(session visit: ShopVisit, hasEnded: Bool = false) {
        emit(
            .sessions,
            .upsert([
                .string(visit.key), .bigint(visit.visitor),
                visit.customer.map { .bigint(Int64($0)) } ?? .null, .string(agent(visit)),
                visit.campaign.map { .string(ShopWords.campaigns[$0]) } ?? .null,
                .timestamp(visit.started), .timestamp(clock), .int(Int32(visit.views)),
                interest(visit), .boolean(visit.hasBought), .boolean(hasEnded),
            ]))
    }

    /// The mean of what was looked at last: the vector of a session moves while it goes on.
    private func interest(_ visit: ShopVisit) -> Value {
        if visit.viewed.isEmpty { return .null }
        var sum = [Float](repeating: 0, count: options.dimension)
        for product in visit.viewed {
            for (place, element) in embedder.embed(catalogue.summary(product)).enumerated() {
                sum[place] += element
            }
        }
        return .vector(sum.map { $0 / Float(visit.viewed.count) })
    }

    /// An event of the clickstream; some come late, some twice.
    func emit(
        event type: String, _ visit: ShopVisit, product: Int? = nil, category: Int? = nil,
        query: String? = nil, order: ShopOrder? = nil
    ) {
        let about = product ?? category
        let properties: Value =
            order.map { .string("{\"order\":\($0.number),\"lines\":\($0.lines.count)}") }
            ?? (visit.bot == nil && visit.views % 3 == 0
                ? .string("{\"scroll\":\(visit.views * 13 % 100)}") : .null)
        let event = Change(
            table: ShopTable.events.rawValue,
            .append([
                .string("e_\(nextEvent)"), .string(visit.key), .bigint(visit.visitor),
                visit.customer.map { .bigint(Int64($0)) } ?? .null, .string(type),
                product.map { .string(catalogue.sku($0)) } ?? .null,
                about.map { .string(ShopWords.categories[catalogue.category($0)]) } ?? .null,
                query.map { .string($0) } ?? .null,
                visit.campaign.map { .string(ShopWords.campaigns[$0]) } ?? .null,
                .string(agent(visit)), properties, .timestamp(clock),
            ]))
        nextEvent += 1
        truth.events += 1
        if delivering.chance(partsPerMillion: options.twicePartsPerMillion) {
            truth.repeatedEvents += 1
            agenda.add(.deliver(event), at: clock + Int64(1 + delivering.below(60_000_000)))
        }
        if delivering.chance(partsPerMillion: options.latePartsPerMillion) {
            truth.lateEvents += 1
            let late = Int64(1 + delivering.below(options.lateMicroseconds))
            agenda.add(.deliver(event), at: clock + late)
        } else {
            changes.append(event)
        }
    }
}
