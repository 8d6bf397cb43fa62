import Columnar

extension ShopWorkload {
    /// A visitor comes, and the time of the next one is drawn.
    func arrive() {
        let wait = arrivalInterval * Int64(QuantileTable.exponential.draw(&arrivals)) / 1000
        agenda.add(.arrival, at: clock + wait)
        var visit = ShopVisit(
            number: nextVisit, visitor: nextVisitor, owner: nil, device: arrivals.below(3),
            started: clock, seen: clock)
        nextVisit += 1
        // The phone is used most.
        if arrivals.below(100) < 45 { visit.device = 0 }
        if arrivals.below(100) < 8 {
            visit.bot = arrivals.below(ShopWords.bots.count)
            visit.viewsLeft = 5 + arrivals.below(20)
            visit.visitor = Int64(visit.bot! + 1) << 50
            truth.botVisits += 1
        } else {
            truth.visits += 1
            if arrivals.below(100) < 40 {
                let customer = customers.draw(&arrivals)
                visit.owner = customer
                visit.device = arrivals.below(customers.deviceCount(customer))
                visit.visitor = Int64(customer) * 4 + Int64(visit.device)
                // Some devices remember who it was.
                if arrivals.below(100) < 15 { logIn(&visit) }
            } else {
                nextVisitor += 1
            }
            if let campaign, arrivals.below(100) < 30 { visit.campaign = campaign }
        }
        land(&visit)
        emit(session: visit)
        keep(visit)
    }

    /// Draws the page that a visitor comes to.
    private func land(_ visit: inout ShopVisit) {
        if visit.bot != nil {
            show(&visit, product: botProduct())
            return
        }
        switch visiting.below(100) {
        case ..<38: show(&visit, .home)
        case ..<58: show(&visit, .category)
        case ..<70: show(&visit, .search)
        default:
            let isForSale = saleProduct != nil && visiting.below(100) < 40
            show(&visit, product: isForSale ? saleProduct! : catalogue.draw(&visiting))
        }
    }

    private func botProduct() -> Int {
        visitPosition = (visitPosition + 1) % catalogue.count
        return visitPosition
    }

    private func keep(_ visit: ShopVisit) {
        visits[visit.number] = visit
        let think: Int64 =
            visit.bot == nil
            ? Int64(QuantileTable.thinkTime.draw(&visiting)) * 1000
            : WeekCurve.second + Int64(visiting.below(500_000))
        agenda.add(.visit(visit.number), at: clock + think)
    }

    /// The next thing that a visitor does.
    func goOn(_ number: Int64) {
        guard var visit = visits.removeValue(forKey: number) else {
            preconditionFailure("session \(number) goes on though it has ended")
        }
        visit.seen = clock
        if visit.bot != nil {
            visit.viewsLeft -= 1
            if visit.viewsLeft == 0 { return end(visit) }
            show(&visit, product: botProduct())
            return keep(visit)
        }
        if !visit.isLoggedIn, visit.owner != nil, visiting.below(100) < 8 { logIn(&visit) }
        switch (visit.page, visiting.below(100)) {
        case (.home, ..<30), (.category, ..<12), (.product, 22..<38): show(&visit, .category)
        case (.home, 30..<42), (.category, 12..<18), (.search, ..<14): show(&visit, .search)
        case (.home, 42..<52), (.category, 18..<50), (.search, 14..<52), (.product, ..<22),
            (.basket, 44..<66):
            show(&visit, product: nextProduct(visit))
        case (.product, 38..<50): fillBasket(&visit)
        case (.basket, ..<44): checkOut(&visit)
        case (.checkout, ..<66):
            buy(&visit)
            return end(visit)
        default: return end(visit)
        }
        if visit.views % 4 == 0 { emit(session: visit) }
        keep(visit)
    }

    private func nextProduct(_ visit: ShopVisit) -> Int {
        if visit.viewed.isEmpty || visiting.below(2) == 0 { return catalogue.draw(&visiting) }
        return catalogue.draw(category: catalogue.category(visit.product), &visiting)
    }

    func logIn(_ visit: inout ShopVisit) {
        visit.isLoggedIn = true
        truth.logins += 1
        know(visit.owner!)
        emit(event: "login", visit)
        emit(session: visit)
    }

    private func show(_ visit: inout ShopVisit, _ page: ShopVisit.Page) {
        visit.page = page
        visit.views += 1
        switch page {
        case .home: emit(event: "view_home", visit)
        case .category:
            visit.product = catalogue.draw(&visiting)
            emit(event: "view_category", visit, category: visit.product)
        case .search:
            visit.product = catalogue.draw(&visiting)
            emit(event: "search", visit, query: query(visit.product))
        case .product, .basket, .checkout: preconditionFailure("not a page of many products")
        }
    }

    /// Words of a product that somebody looks for.
    private func query(_ product: Int) -> String {
        let words = catalogue.name(product).split(separator: " ")
        return words[1...2].joined(separator: " ")
    }

    func show(_ visit: inout ShopVisit, product: Int) {
        if visit.viewed.isEmpty, visit.bot == nil { truth.visitsWithProduct += 1 }
        truth.productViews += 1
        visit.page = .product
        visit.product = product
        visit.views += 1
        visit.viewed.append(product)
        if visit.viewed.count > 4 { visit.viewed.removeFirst() }
        list(product)
        emit(event: "view_product", visit, product: product)
    }

    func fillBasket(_ visit: inout ShopVisit) {
        if catalogue[visit.product].available <= 0 {
            truth.soldOut += 1
            emit(event: "sold_out", visit, product: visit.product)
            visit.page = .category
            return
        }
        if visit.basket.isEmpty { truth.visitsWithBasket += 1 }
        visit.page = .basket
        visit.views += 1
        if let place = visit.basket.firstIndex(where: { $0.product == visit.product }) {
            visit.basket[place].quantity += 1
        } else {
            let quantity = [1, 1, 1, 1, 2, 3][visiting.below(6)]
            visit.basket.append((visit.product, quantity))
        }
        emit(event: "add_to_basket", visit, product: visit.product)
        emit(basket: visit)
        emit(session: visit)
    }

    private func checkOut(_ visit: inout ShopVisit) {
        truth.visitsWithCheckout += 1
        visit.page = .checkout
        visit.views += 1
        // Most of those who have an account say so here.
        if visit.owner != nil, !visit.isLoggedIn, visiting.below(100) < 80 { logIn(&visit) }
        emit(event: "checkout", visit)
    }

    private func buy(_ visit: inout ShopVisit) {
        guard let order = place(visit.basket, for: visit, fraud: nil) else { return }
        truth.visitsWithOrder += 1
        visit.hasBought = true
        visit.basket = []
        emit(.baskets, .delete(key: [.string(visit.key)]))
        emit(event: "purchase", visit, order: order)
    }

    func end(_ visit: ShopVisit) {
        emit(session: visit, hasEnded: true)
        endedVisits.append(visit)
        if endedVisits.count <= options.retained { return }
        let old = endedVisits.removeFirst()
        if !old.basket.isEmpty { emit(.baskets, .delete(key: [.string(old.key)])) }
        emit(.sessions, .delete(key: [.string(old.key)]))
    }
}
