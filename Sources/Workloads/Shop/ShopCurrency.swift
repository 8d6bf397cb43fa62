/// A currency of a shop: products have their price in euro, orders are paid in the customer's.
enum ShopCurrency: String, CaseIterable {
    case eur = "EUR"
    case usd = "USD"
    case gbp = "GBP"
    case jpy = "JPY"

    /// Units of the currency for one euro, in millionths.
    var rate: Int64 {
        switch self {
        case .eur: 1_000_000
        case .usd: 1_085_400
        case .gbp: 843_250
        case .jpy: 164_370_000
        }
    }

    /// Hundredths of the currency for euro cents, rounded half up; whole yen.
    func amount(_ cents: Int64) -> Int64 {
        let grain: Int64 = self == .jpy ? 100 : 1
        let scaled = cents * rate
        return (scaled + grain * 500_000) / (grain * 1_000_000) * grain
    }

    /// Of a customer: six of ten pay in euro.
    static func of(draw: Int) -> ShopCurrency {
        switch draw % 10 {
        case ..<6: .eur
        case ..<8: .usd
        case ..<9: .gbp
        default: .jpy
        }
    }
}
