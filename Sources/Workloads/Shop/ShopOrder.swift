/// An order and what has become of it.
struct ShopOrder {
    enum Status: String {
        case placed, paid, partlyShipped, shipped, delivered, returned, cancelled, chargedBack
    }

    struct Line {
        var product: Int
        var quantity: Int
        /// The product's price when the order was placed, in euro cents.
        var cents: Int64
        var warehouse: Int
        /// The part of the shipment, from 0.
        var part = 0
        var returned = 0
    }

    var number: Int64
    var customer: Int?
    var session: String?
    var currency: ShopCurrency
    var lines: [Line]
    var coupon: String?
    var discountPercent = 0
    var status = Status.placed
    var card: String?
    /// Payments that were tried; the last one is what counts.
    var attempts = 0
    var refundedCents: Int64 = 0
    var isCaptured = false
    /// When each part was sent.
    var shipped: [Int64] = []
    var deliveredCount = 0
    var placed: Int64
    var fraud: ShopFraud?

    var partCount: Int { (lines.map(\.part).max() ?? 0) + 1 }
    var goodsCents: Int64 { lines.reduce(0) { $0 + $1.cents * Int64($1.quantity) } }
    var discountCents: Int64 { goodsCents * Int64(discountPercent) / 100 }
    var totalCents: Int64 { goodsCents - discountCents }
    var payment: String { "pay_\(number)_\(attempts)" }
}
