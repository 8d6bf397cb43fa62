/// What a ring of fraudsters does; the table `fraud_cases` says who was it, and when.
enum ShopFraud: String, CaseIterable {
    /// Many cards are tried on one cheap order, seconds apart.
    case cardTesting
    /// One card pays many dear orders within minutes; they are charged back.
    case velocity
    /// Somebody else logs in from a new device, changes address and email, and buys.
    case accountTakeover
    /// Customers of the ring send nearly everything back.
    case refundAbuse
}
