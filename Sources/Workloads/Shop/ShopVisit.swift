/// A session of one visitor.
struct ShopVisit {
    enum Page {
        case home, category, search, product, basket, checkout
    }

    var number: Int64
    var visitor: Int64
    /// Who it is, whether the shop knows or not; nil for a stranger.
    var owner: Int?
    var isLoggedIn = false
    var device: Int
    var campaign: Int?
    var bot: Int?
    var started: Int64
    var seen: Int64
    var views = 0
    /// How many views a bot still makes.
    var viewsLeft = 0
    var page = Page.home
    var product = 0
    var basket: [(product: Int, quantity: Int)] = []
    /// The last products that were looked at, the latest last.
    var viewed: [Int] = []
    var hasBought = false

    var key: String { "s_\(String(number, radix: 36))" }
    var customer: Int? { isLoggedIn ? owner : nil }
}
