import Columnar

extension ShopWorkload {
    /// A ring does what it does; each ring has one kind of fraud.
    func strike(_ ring: Int) {
        agenda.add(.ring(ring), at: after(60, 360, &cheating))
        let fraud = ShopFraud.allCases[ring % ShopFraud.allCases.count]
        let count = [1, 6, 1, 2][ring % ShopFraud.allCases.count]
        cheat(ring, fraud, left: count)
    }

    func cheat(_ ring: Int, _ fraud: ShopFraud, left: Int) {
        if left > 1 {
            let wait = Int64(20 + cheating.below(100)) * WeekCurve.second
            agenda.add(.member(ring: ring, fraud, left: left - 1), at: clock + wait)
        }
        let order: ShopOrder?
        var customer: Int?
        switch fraud {
        case .cardTesting:
            order = place([(cheapProduct(), 1)], for: nil, fraud: fraud)
        case .velocity:
            order = place(dearBasket(), for: nil, card: "fp_ring\(ring)", fraud: fraud)
        case .accountTakeover:
            customer = customers.draw(&cheating)
            order = takeOver(customer!)
        case .refundAbuse:
            // The ring has twenty accounts.
            customer = (ring * 7919 + cheating.below(20)) % customers.count
            order = place(
                [(catalogue.draw(&cheating), 1)], for: nil, customer: customer, fraud: fraud)
        }
        guard let order else { return }
        truth.fraudCases[ShopFraud.allCases.firstIndex(of: fraud)!] += 1
        emit(
            .fraudCases,
            .append([
                .int(Int32(ring)), .string(fraud.rawValue), .bigint(order.number),
                customer.map { .bigint(Int64($0)) } ?? .null, .timestamp(clock),
            ]))
    }

    /// Logs in as somebody from a device that was never seen, changes the address, and buys.
    private func takeOver(_ customer: Int) -> ShopOrder? {
        var visit = ShopVisit(
            number: nextVisit, visitor: nextVisitor, owner: customer, device: 1, started: clock,
            seen: clock)
        nextVisit += 1
        nextVisitor += 1
        truth.visits += 1
        logIn(&visit)
        customers[customer].version &+= 1
        emit(customer: customer)
        let basket = dearBasket()
        for (product, _) in basket { show(&visit, product: product) }
        let order = place(basket, for: visit, fraud: .accountTakeover)
        if let order {
            visit.hasBought = true
            truth.visitsWithOrder += 1
            emit(event: "purchase", visit, order: order)
        }
        end(visit)
        return order
    }

    private func cheapProduct() -> Int { pick { $0 < $1 } }

    private func dearBasket() -> [(product: Int, quantity: Int)] {
        (0..<2).map { _ in (pick { $0 > $1 }, 1) }
    }

    /// Of eight products that are there, the one whose price comes first.
    private func pick(_ isBetter: (Int32, Int32) -> Bool) -> Int {
        var best = catalogue.draw(&cheating)
        for _ in 0..<7 {
            let other = catalogue.draw(&cheating)
            let isThere = catalogue[other].available > 0
            if isThere, isBetter(catalogue[other].cents, catalogue[best].cents) { best = other }
        }
        return best
    }
}
