import Columnar

extension ShopWorkload {
    /// Orders what is in stock; nil if nothing of it is.
    ///
    /// A line has the product's price of this moment, and its goods are reserved with it.
    @discardableResult
    func place(
        _ basket: [(product: Int, quantity: Int)], for visit: ShopVisit?, customer: Int? = nil,
        card: String? = nil, fraud: ShopFraud?
    ) -> ShopOrder? {
        let buyer = visit?.customer ?? customer
        var order = ShopOrder(
            number: nextOrder, customer: buyer, session: visit?.key,
            currency: buyer.map(customers.currency) ?? .of(draw: selling.below(10)), lines: [],
            placed: clock)
        for (product, quantity) in basket {
            guard let warehouse = catalogue.warehouse(of: product, for: quantity) else {
                truth.soldOut += 1
                if let visit { emit(event: "sold_out", visit, product: product) }
                continue
            }
            list(product)
            catalogue.reserve(product, quantity, in: warehouse)
            order.lines.append(
                ShopOrder.Line(
                    product: product, quantity: quantity,
                    cents: Int64(catalogue[product].cents), warehouse: warehouse))
        }
        if order.lines.isEmpty { return nil }
        nextOrder += 1
        truth.orders += 1
        order.fraud = fraud
        if fraud == nil { useCoupon(&order) }
        // One of ten pays by invoice, without a card.
        order.card = card ?? (selling.below(10) == 0 ? nil : buyer.map(customers.card) ?? aCard())
        if let buyer {
            know(buyer)
            customers[buyer].orders = min(customers[buyer].orders, .max - 1) + 1
            emit(customer: buyer)
        }
        emit(order: order)
        for line in order.lines.indices { emit(line: line, of: order) }
        for line in order.lines {
            emit(stock: line.product, line.warehouse)
            orderStock(line.product)
        }
        orders[order.number] = order
        agenda.add(.order(order.number), at: clock + 3 * WeekCurve.second)
        return order
    }

    func aCard() -> String { "fp_" + String(selling.next() >> 8, radix: 36) }

    private func useCoupon(_ order: inout ShopOrder) {
        if coupons.isEmpty || selling.below(100) >= 15 { return }
        let place = selling.below(coupons.count)
        if coupons[place].uses == coupons[place].useLimit { return }
        coupons[place].uses += 1
        order.coupon = coupons[place].code
        order.discountPercent = coupons[place].percent
        emit(coupon: coupons[place])
    }

    /// An order of a marketplace: no session shows it.
    func sellElsewhere() {
        let wait = arrivalInterval * 10 * Int64(QuantileTable.exponential.draw(&arrivals)) / 1000
        agenda.add(.marketplace, at: clock + wait)
        let basket = (0...selling.below(3)).map { _ in
            (product: catalogue.draw(&selling), quantity: 1 + selling.below(2))
        }
        let customer = selling.below(10) < 7 ? customers.draw(&selling) : nil
        if place(basket, for: nil, customer: customer, fraud: nil) != nil {
            truth.ordersElsewhere += 1
        }
    }

    /// The next step of an order's life.
    func advance(_ number: Int64) {
        guard var order = orders.removeValue(forKey: number) else {
            preconditionFailure("order \(number) goes on though it is at rest")
        }
        let next: Int64?
        switch order.status {
        case .placed: next = pay(&order)
        case .paid: next = send(&order)
        case .partlyShipped, .shipped: next = goOnSending(&order)
        case .delivered: next = settle(&order)
        case .returned, .cancelled, .chargedBack: next = nil
        }
        if let next {
            orders[number] = order
            agenda.add(.order(number), at: next)
        } else {
            rest(order)
        }
    }

    /// Nothing more happens to the order; the rows of the oldest such go.
    private func rest(_ order: ShopOrder) {
        finishedOrders.append(order)
        if finishedOrders.count <= options.retained { return }
        let old = finishedOrders.removeFirst()
        for line in old.lines.indices {
            emit(.orderLines, .delete(key: [.bigint(old.number), .int(Int32(line))]))
        }
        for attempt in 0..<old.attempts {
            emit(.payments, .delete(key: [.string("pay_\(old.number)_\(attempt + 1)")]))
        }
        for part in old.shipped.indices {
            emit(.shipments, .delete(key: [.bigint(old.number), .int(Int32(part))]))
        }
        emit(.orders, .delete(key: [.bigint(old.number)]))
    }

    func cancel(_ order: inout ShopOrder) {
        order.status = .cancelled
        emit(order: order)
        for line in order.lines {
            catalogue.release(line.product, line.quantity, in: line.warehouse, sent: false)
            emit(stock: line.product, line.warehouse)
        }
    }

    // MARK: Payments

    /// An attempt to pay; when the next step comes, nil if the order was given up.
    private func pay(_ order: inout ShopOrder) -> Int64? {
        order.attempts += 1
        truth.payments += 1
        let isTest = order.fraud == .cardTesting
        if isTest { order.card = "fp_" + String(cheating.next() >> 8, radix: 36) }
        if selling.below(100) < (isTest ? 85 : 11) {
            truth.declinedPayments += 1
            let reason = ShopWords.declines[selling.below(ShopWords.declines.count)]
            emit(payment: order, "failed", reason: reason)
            if isTest, order.attempts < 20 { return clock + 2 * WeekCurve.second }
            if !isTest, order.attempts < 4, selling.below(100) < 70 {
                return clock + Int64(20 + selling.below(100)) * WeekCurve.second
            }
            cancel(&order)
            return nil
        }
        order.status = .paid
        emit(payment: order, "authorised")
        emit(order: order)
        return after(20, 240, &delivering)
    }

    private func capture(_ order: inout ShopOrder) -> Bool {
        if selling.below(200) == 0 {
            emit(payment: order, "captureFailed", reason: "timeout")
            return false
        }
        order.isCaptured = true
        emit(payment: order, "captured")
        return true
    }

    // MARK: Shipments

    /// Splits the order by warehouse, and sends the first part once the money is there.
    private func send(_ order: inout ShopOrder) -> Int64? {
        if selling.below(100) < 3 {
            emit(payment: order, "voided", reason: "cancelled_by_customer")
            cancel(&order)
            return nil
        }
        if !order.isCaptured, !capture(&order) { return clock + minutes(5) }
        let first = order.lines[0].warehouse
        let splits = order.lines.count > 1 && selling.below(100) < 15
        for line in order.lines.indices {
            let isApart = order.lines[line].warehouse != first || (splits && line > 0)
            order.lines[line].part = isApart ? 1 : 0
        }
        truth.shippedOrders += 1
        if order.partCount > 1 { truth.partedOrders += 1 }
        sendPart(&order)
        return order.status == .shipped ? after(240, 720, &delivering) : after(30, 240, &delivering)
    }

    private func sendPart(_ order: inout ShopOrder) {
        let part = order.shipped.count
        order.shipped.append(clock)
        order.status = order.shipped.count == order.partCount ? .shipped : .partlyShipped
        emit(shipment: part, of: order, delivered: nil)
        emit(order: order)
        for line in order.lines where line.part == part {
            catalogue.release(line.product, line.quantity, in: line.warehouse, sent: true)
            emit(stock: line.product, line.warehouse)
            orderStock(line.product)
        }
    }

    private func goOnSending(_ order: inout ShopOrder) -> Int64? {
        if order.status == .partlyShipped {
            sendPart(&order)
            return after(240, 720, &delivering)
        }
        emit(shipment: order.deliveredCount, of: order, delivered: clock)
        order.deliveredCount += 1
        if order.deliveredCount < order.partCount { return after(1, 120, &delivering) }
        order.status = .delivered
        truth.deliveredOrders += 1
        emit(order: order)
        return after(120, 1440, &delivering)
    }

    /// After delivery: goods come back, the bank takes the money back, or it is well.
    private func settle(_ order: inout ShopOrder) -> Int64? {
        let draw = selling.below(1000)
        let chargeback =
            switch order.fraud {
            case .velocity, .accountTakeover, .cardTesting: 850
            case .refundAbuse, nil: 3
            }
        let returns = order.fraud == .refundAbuse ? 950 : chargeback + 165
        if draw < chargeback {
            order.status = .chargedBack
            truth.chargedBackOrders += 1
            emit(payment: order, "chargedBack", reason: "cardholder_dispute")
            emit(order: order)
        } else if draw < returns {
            takeBack(&order)
        }
        return nil
    }

    private func takeBack(_ order: inout ShopOrder) {
        order.status = .returned
        truth.returnedOrders += 1
        var cents: Int64 = 0
        for place in order.lines.indices where place == 0 || selling.below(2) == 0 {
            let line = order.lines[place]
            order.lines[place].returned = line.quantity
            cents += line.cents * Int64(line.quantity)
            catalogue.add(line.product, line.quantity, to: line.warehouse)
            emit(line: place, of: order)
            emit(stock: line.product, line.warehouse)
        }
        order.refundedCents = cents - cents * Int64(order.discountPercent) / 100
        emit(payment: order, "refunded")
        emit(order: order)
    }
}
