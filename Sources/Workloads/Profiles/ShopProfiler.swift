import Columnar

/// Looks at a shop's changes: sessions, funnel, orders, payments, returns.
final class ShopProfiler: WorkloadProfiler {
    struct Session {
        var isBot = false
        var lastView: Int64 = 0
        var hasSeenProduct = false
        var hasBasket = false
        var hasCheckout = false
        var hasBought = false
        var hasLoggedIn = false
        var begin: Int64 = .max
        var events = 0
    }

    private(set) var sessions: [String: Session] = [:]
    private(set) var thinkTimes: [Int] = []
    private(set) var productViews: [String: Int] = [:]
    private var eventIdentifiers: Set<String> = []
    private(set) var repeatedEvents = 0
    private(set) var lateEvents = 0
    private var latest: Int64 = 0
    private var prices: [String: Value] = [:]
    private(set) var lines = 0
    private(set) var rightLines = 0
    /// By order: its status, and who cheats by it.
    private(set) var orders: [Int64: (status: String, fraud: String?, hasCoupon: Bool)] = [:]
    private(set) var currencies: [String: Int] = [:]
    /// By payment: its status, of orders by whom nobody cheats.
    private(set) var attempts: [String: (order: Int64, isDeclined: Bool)] = [:]
    private(set) var partsOfOrders: [Int64: Int] = [:]
    private var seenLines: Set<[Value]> = []
    private var cheats: [Int64: String] = [:]

    func take(_ change: Change) {
        guard let table = ShopTable(rawValue: change.table) else { return }
        switch change.kind {
        case .append(let row):
            if table == .events { take(event: row) } else { take(fraud: row) }
        case .upsert(let row):
            switch table {
            case .products: prices[row[0].text] = row[5]
            case .orderLines: take(line: row)
            case .orders: take(order: row)
            case .payments:
                let isDeclined = row[6].text == "failed"
                if isDeclined || attempts[row[0].text] == nil {
                    attempts[row[0].text] = (row[1].integer ?? 0, isDeclined)
                }
            case .shipments: partsOfOrders[row[0].integer ?? 0, default: 0] |= 1 << part(row)
            default: break
            }
        case .update, .delete, .deletePart, .insertIfAbsent: break
        }
    }

    private func part(_ row: Row) -> Int { Int(row[1].integer ?? 0) }

    private func take(event row: Row) {
        if !eventIdentifiers.insert(row[0].text).inserted {
            repeatedEvents += 1
            return
        }
        let time = row[11].integer ?? 0
        if time < latest { lateEvents += 1 }
        latest = max(latest, time)
        let type = row[4].text
        var session = sessions[row[1].text] ?? Session()
        session.events += 1
        session.begin = min(session.begin, time)
        session.isBot = ShopWords.bots.contains(row[9].text)
        switch type {
        case "view_product":
            session.hasSeenProduct = true
            if !session.isBot { productViews[row[5].text, default: 0] += 1 }
        case "add_to_basket": session.hasBasket = true
        case "checkout": session.hasCheckout = true
        case "purchase": session.hasBought = true
        case "login": session.hasLoggedIn = true
        default: break
        }
        if type.hasPrefix("view_") || type == "search" {
            if !session.isBot, session.lastView > 0, time > session.lastView {
                thinkTimes.append(Int((time - session.lastView) / 1000))
            }
            session.lastView = time
        } else if type == "add_to_basket" || type == "checkout" {
            session.lastView = 0
        }
        sessions[row[1].text] = session
    }

    private func take(fraud row: Row) {
        let order = row[2].integer ?? 0
        cheats[order] = row[1].text
        orders[order]?.fraud = row[1].text
    }

    private func take(line row: Row) {
        if !seenLines.insert([row[0], row[1]]).inserted { return }
        lines += 1
        if prices[row[2].text] == row[4] { rightLines += 1 }
    }

    private func take(order row: Row) {
        let number = row[0].integer ?? 0
        if orders[number] == nil { currencies[row[4].text, default: 0] += 1 }
        orders[number] = (row[3].text, cheats[number], row[8] != .null)
    }
}

extension Value {
    /// The text of a string, nothing of anything else.
    fileprivate var text: String {
        if case .string(let text) = self { return text }
        return ""
    }
}

extension ShopWorkload {
    public var profiler: (any WorkloadProfiler)? { ShopProfiler() }
}
