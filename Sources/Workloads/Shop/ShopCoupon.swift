/// A code that makes an order cheaper, so often and no more.
struct ShopCoupon {
    var code: String
    var percent: Int
    var uses = 0
    var useLimit: Int
}
