extension ShopProfiler {
    private typealias Measure = WorkloadProfile.Measure

    private func percent(_ part: Int, of whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) * 100 / Double(whole)
    }

    var measures: [WorkloadProfile.Measure] {
        visitMeasures + orderMeasures + fraudMeasures
    }

    private var visitMeasures: [Measure] {
        let people = sessions.values.filter { !$0.isBot }
        let products = people.count(where: \.hasSeenProduct)
        let baskets = people.count(where: \.hasBasket)
        let buyers = people.count(where: \.hasBought)
        let events = sessions.values.reduce(0) { $0 + $1.events }
        let own = "chosen for this world"
        return [
            Measure(
                "sessions of people that buy", percent(buyers, of: people.count), 1...4,
                "KISSmetrics, Ecommerce funnel optimization: 1 to 4 %"),
            Measure(
                "sessions that look at a product", percent(products, of: people.count), 40...65,
                own),
            Measure(
                "sessions that fill a basket", percent(baskets, of: people.count), 6...13,
                "KISSmetrics: 7 to 8 % of product pages"),
            Measure(
                "baskets that are left", 100 - percent(buyers, of: baskets), 60...80,
                "Baymard Institute, list of cart abandonment rates: 70 %"),
            Measure(
                "median time between views", Double(median(thinkTimes)) / 1000, 13...20, unit: "s",
                "Liu, White, Dumais, SIGIR 2010: Weibull, shape below 1"),
            Measure(
                "sessions of bots", percent(sessions.count - people.count, of: sessions.count),
                5...11, own),
            Measure(
                "sessions with log-in",
                percent(people.count(where: \.hasLoggedIn), of: people.count),
                5...20, own),
            Measure("events that come late", percent(lateEvents, of: events), 0.5...4, own),
            Measure("events that come twice", percent(repeatedEvents, of: events), 0.05...0.5, own),
            Measure(
                "product views of the tenth that is looked at most", headShare, 30...75,
                "Zipf's law, exponent 1"),
        ]
    }

    private var orderMeasures: [Measure] {
        let own = "chosen for this world"
        // In any order: they are only counted.
        let honest = orders.filter { $0.value.fraud == nil }
        let attempts = attempts.values.filter { orders[$0.order]?.fraud == nil }
        let settled = honest.values.filter { ["delivered", "returned"].contains($0.status) }
        let shipped = partsOfOrders.count
        let euro = currencies["EUR", default: 0]
        return [
            Measure(
                "lines with the price of the moment", percent(rightLines, of: lines), 100...100, own
            ),
            Measure(
                "payments that are declined",
                percent(attempts.count(where: \.isDeclined), of: attempts.count), 7...16, own),
            Measure(
                "orders sent in parts",
                percent(partsOfOrders.values.count { $0 > 1 }, of: shipped), 3...20, own),
            Measure(
                "delivered orders that come back",
                percent(settled.count { $0.status == "returned" }, of: settled.count), 8...22,
                "National Retail Federation 2023: 17.6 % of what is bought online"),
            Measure(
                "orders with a coupon",
                percent(honest.values.count(where: \.hasCoupon), of: honest.count),
                5...18, own),
            Measure(
                "orders in euro", percent(euro, of: currencies.values.reduce(0, +)), 50...70, own),
        ]
    }

    private var fraudMeasures: [Measure] {
        let own = "chosen for this world"
        let cheating = orders.values.filter { $0.fraud != nil }
        let charged = orders.values.filter { $0.status == "chargedBack" }
        return [
            Measure(
                "orders by fraudsters", percent(cheating.count, of: orders.count), 2...20, own),
            Measure(
                "charge-backs that a ring is behind",
                percent(charged.count { $0.fraud != nil }, of: charged.count), 75...100, own),
        ]
    }

    private func median(_ values: [Int]) -> Int {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    private var headShare: Double {
        let views = productViews.values.sorted(by: >)
        let head = views.prefix(max(1, views.count / 10)).reduce(0, +)
        return percent(head, of: views.reduce(0, +))
    }

    var shapes: [WorkloadProfile.Shape] {
        [
            thinkShape,
            share(
                "funnel",
                [
                    ("session", 100, { _ in true }), ("product", 53, { $0.hasSeenProduct }),
                    ("basket", 9, { $0.hasBasket }), ("checkout", 4, { $0.hasCheckout }),
                    ("purchase", 3, { $0.hasBought }),
                ]),
            hours,
        ]
    }

    /// Think times in the tenths of the stated distribution: each should have a tenth.
    private var thinkShape: WorkloadProfile.Shape {
        let table = QuantileTable.thinkTime
        let bars = (0..<10).map { tenth in
            let low = table.percentile(tenth * 10)
            let high = tenth == 9 ? Int.max : table.percentile(tenth * 10 + 10)
            let inside = thinkTimes.count { $0 >= low && $0 < high }
            return WorkloadProfile.Shape.Bar(
                label: tenth == 9
                    ? "from \(low / 100 * 100) ms" : "to \(high / 100 * 100) ms",
                observed: Int(percent(inside, of: thinkTimes.count) * 10_000), stated: 100_000)
        }
        return WorkloadProfile.Shape(
            "time between views", bars, "Weibull, shape 0.75, scale 26 s, cut at 300 s")
    }

    private func share(
        _ name: String, _ classes: [(String, Int, (Session) -> Bool)]
    ) -> WorkloadProfile.Shape {
        let people = sessions.values.filter { !$0.isBot }
        return WorkloadProfile.Shape(
            name,
            classes.map { label, stated, isInside in
                WorkloadProfile.Shape.Bar(
                    label: label,
                    observed: Int(
                        percent(people.count(where: isInside), of: people.count) * 10_000),
                    stated: stated * 10_000)
            }, "of people's sessions; see the page of the shop")
    }

    /// When sessions begin, by the hour of the day.
    private var hours: WorkloadProfile.Shape {
        var counts = [Int](repeating: 0, count: 24)
        for session in sessions.values { counts[Int(session.begin / WeekCurve.hour % 24)] += 1 }
        let whole = counts.reduce(0, +)
        return WorkloadProfile.Shape(
            "sessions by the hour",
            (0..<24).map { hour in
                WorkloadProfile.Shape.Bar(
                    label: "\(hour)", observed: Int(percent(counts[hour], of: whole) * 10_000),
                    stated: WeekCurve.hours[hour] * 1_000_000 / 2400)
            }, "the day's curve, before campaigns; a whole number of days is needed")
    }
}
