/// What a shop did, counted where it did it: what a profile and a detector are held against.
public struct ShopTruth: Sendable, Hashable {
    /// Sessions of people that began, and of bots.
    public var visits = 0
    public var botVisits = 0
    /// Of people's sessions: those that looked at a product, filled a basket, went to the checkout,
    /// bought.
    public var visitsWithProduct = 0
    public var visitsWithBasket = 0
    public var visitsWithCheckout = 0
    public var visitsWithOrder = 0
    public var logins = 0
    public var events = 0
    public var lateEvents = 0
    public var repeatedEvents = 0
    public var orders = 0
    public var ordersElsewhere = 0
    public var soldOut = 0
    public var payments = 0
    public var declinedPayments = 0
    public var shippedOrders = 0
    public var partedOrders = 0
    public var deliveredOrders = 0
    public var returnedOrders = 0
    public var chargedBackOrders = 0
    public var priceChanges = 0
    public var flashSales = 0
    /// Cases by the kind of fraud, in the order of its cases.
    public var fraudCases = [0, 0, 0, 0]
    /// How many products that were looked at were among the most popular tenth of all.
    public var productViews = 0

    public init() {}
}
