import Columnar

extension ShopWorkload {
    /// The first time that a product is needed, its rows come.
    func list(_ product: Int) {
        if listed[product] { return }
        listed[product] = true
        emit(product: product)
        for warehouse in 0..<ShopCatalogue.warehouseCount { emit(stock: product, warehouse) }
    }

    /// Some product's price goes up or down by up to a tenth.
    func changePrice() {
        agenda.add(.prices, at: after(1, 12, &pricing))
        let product = catalogue.draw(&pricing)
        if catalogue[product].regularCents > 0 { return }
        let percent = 90 + pricing.below(21)
        let cents = max(99, Int(catalogue[product].cents) * percent / 100)
        list(product)
        catalogue[product].cents = Int32(min(cents, 1_000_000))
        truth.priceChanges += 1
        emit(product: product)
    }

    func drift() {
        agenda.add(.drift, at: clock + minutes(15))
        catalogue.drift(&pricing)
    }

    /// A campaign begins with a coupon of its own, or ends.
    func turnCampaign() {
        if campaign != nil {
            campaign = nil
            agenda.add(.campaign, at: after(120, 480, &pricing))
            return
        }
        campaign = nextCampaign % ShopWords.campaigns.count
        nextCampaign += 1
        agenda.add(.campaign, at: after(180, 720, &pricing))
        let code = "\(ShopWords.campaigns[campaign!].prefix(4).uppercased())\(nextCampaign)"
        coupons.append(
            ShopCoupon(
                code: code, percent: 5 + 5 * pricing.below(4), useLimit: 20 + pricing.below(80)))
        emit(coupon: coupons[coupons.count - 1])
        if coupons.count > 8 {
            emit(.coupons, .delete(key: [.string(coupons.removeFirst().code)]))
        }
    }

    /// One product costs half for a short time, while it lasts.
    func cutPrice() {
        agenda.add(.flashSale, at: after(240, 720, &pricing))
        if saleProduct != nil { return }
        // Of some popular ones, that of which the fewest are left.
        let product = (0..<8).map { _ in
            catalogue.product(atRank: pricing.below(max(1, catalogue.count / 5)))
        }.min { catalogue[$0].available < catalogue[$1].available }!
        list(product)
        saleProduct = product
        truth.flashSales += 1
        catalogue[product].regularCents = catalogue[product].cents
        catalogue[product].cents /= 2
        emit(product: product)
        agenda.add(.endOfSale(product), at: after(20, 60, &pricing))
    }

    func endSale(_ product: Int) {
        saleProduct = nil
        catalogue[product].cents = catalogue[product].regularCents
        catalogue[product].regularCents = 0
        emit(product: product)
    }

    // MARK: Stock

    /// Orders more of what runs low; it takes hours to come, and what is on sale is not bought
    /// again.
    func orderStock(_ product: Int) {
        if catalogue[product].isOrdered || catalogue[product].available >= 8
            || product == saleProduct
        {
            return
        }
        catalogue[product].isOrdered = true
        agenda.add(.stock(product), at: after(60, 720, &delivering))
    }

    func takeDelivery(_ product: Int) {
        catalogue[product].isOrdered = false
        let total = catalogue[product].onHand
        // A warehouse has room for some thousand pieces of each.
        if total.0 < 1000 { catalogue.add(product, 20 + delivering.below(60), to: 0) }
        if total.1 < 1000 { catalogue.add(product, 5 + delivering.below(20), to: 1) }
        for warehouse in 0..<ShopCatalogue.warehouseCount { emit(stock: product, warehouse) }
    }

    /// The first time that a customer is needed, the row comes.
    func know(_ customer: Int) {
        if customers[customer].isKnown { return }
        customers[customer].isKnown = true
        emit(customer: customer)
    }
}
