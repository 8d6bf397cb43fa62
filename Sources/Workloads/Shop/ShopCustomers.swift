/// The customers of a shop: their data follows from their number, only their history is kept.
///
/// Four bytes a customer, so that a million cost 4 MB.
struct ShopCustomers {
    struct History {
        var orders: UInt16 = 0
        /// How often name, address or email changed.
        var version: UInt8 = 0
        /// Whether the table has a row of this customer.
        var isKnown = false
    }

    private var histories: [History]
    private let activity: ZipfTable
    private let step: Int
    private let seed: UInt64

    init(count: Int, seed: UInt64) {
        precondition(count >= 10, "a shop needs customers")
        histories = Array(repeating: History(), count: count)
        activity = ZipfTable(count: count, shift: 90)
        self.seed = seed
        // Spreads the ranks over the numbers: it shares no divisor with the count.
        var step = count * 618 / 1000 | 1
        while Self.greatestDivisor(step, count) != 1 { step += 2 }
        self.step = step
    }

    private static func greatestDivisor(_ left: Int, _ right: Int) -> Int {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }

    var count: Int { histories.count }

    /// A busy customer more often.
    func draw(_ random: inout RandomSource) -> Int { activity.draw(&random) * step % count }

    subscript(_ customer: Int) -> History {
        get { histories[customer] }
        set { histories[customer] = newValue }
    }

    func currency(_ customer: Int) -> ShopCurrency {
        var random = source(customer, "currency")
        return .of(draw: random.below(10))
    }

    /// From 1: how many devices a customer uses.
    func deviceCount(_ customer: Int) -> Int {
        var random = source(customer, "devices")
        return 1 + [0, 0, 1, 1, 1, 2][random.below(6)]
    }

    /// What a card is known by.
    func card(_ customer: Int) -> String {
        var random = source(customer, "card")
        return "fp_" + String(random.next() >> 8, radix: 36)
    }

    /// Draws that belong to this customer and this label.
    func source(_ customer: Int, _ label: String) -> RandomSource {
        RandomSource(seed: seed &+ UInt64(customer) &* 0x9E37, label: label)
    }
}
