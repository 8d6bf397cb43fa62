/// The products of a shop: what follows from a product's number, and what changes about it.
///
/// A product's words are drawn from its number, so only its prices and stock are kept: 20 bytes a
/// product, and 4 for its rank.
struct ShopCatalogue {
    struct Product {
        var cents: Int32
        /// Before a sale; 0 when there is none.
        var regularCents: Int32 = 0
        /// In each of the warehouses: how many are there, and how many of those are sold.
        var onHand: (Int16, Int16)
        var reserved: (Int16, Int16) = (0, 0)
        var isOrdered = false

        var available: Int { Int(onHand.0 + onHand.1) - Int(reserved.0 + reserved.1) }
    }

    static let warehouseCount = 2

    private(set) var products: [Product] = []
    /// Products by rank, the most popular first.
    private var ranks: [Int32] = []
    private let popularity: ZipfTable
    private let seed: UInt64

    init(count: Int, seed: UInt64) {
        precondition(count >= 10, "a shop needs products")
        self.seed = seed
        popularity = ZipfTable(count: count, shift: 27)
        products.reserveCapacity(count)
        for number in 0..<count {
            var random = RandomSource(seed: seed &+ UInt64(number), label: "product")
            let cents = QuantileTable.price.draw(&random)
            let stock = Int16(12 + random.below(60))
            // Most prices end in 9.
            let price = random.below(4) == 0 ? cents : cents / 10 * 10 + 9
            products.append(Product(cents: Int32(price), onHand: (stock, stock / 4)))
            ranks.append(Int32(number))
        }
        var random = RandomSource(seed: seed, label: "ranks")
        for rank in (1..<count).reversed() { ranks.swapAt(rank, random.below(rank + 1)) }
    }

    var count: Int { products.count }

    /// The product of a popular rank more often.
    func draw(_ random: inout RandomSource) -> Int { Int(ranks[popularity.draw(&random)]) }

    /// A product of this category: the first of some draws that is.
    func draw(category: Int, _ random: inout RandomSource) -> Int {
        var product = draw(&random)
        for _ in 0..<12 where self.category(product) != category { product = draw(&random) }
        return product
    }

    func product(atRank rank: Int) -> Int { Int(ranks[rank]) }

    /// Some products change places with their neighbours, and one comes from anywhere to the first
    /// tenth: what is popular drifts.
    mutating func drift(_ random: inout RandomSource) {
        for _ in 0..<max(1, count / 50) {
            let rank = random.below(count - 1)
            ranks.swapAt(rank, rank + 1)
        }
        ranks.swapAt(random.below(count), random.below(max(1, count / 10)))
    }

    subscript(_ product: Int) -> Product {
        get { products[product] }
        set { products[product] = newValue }
    }

    // MARK: Stock

    /// The warehouse that can send so many, or nil.
    func warehouse(of product: Int, for quantity: Int) -> Int? {
        let held = products[product]
        if Int(held.onHand.0 - held.reserved.0) >= quantity { return 0 }
        return Int(held.onHand.1 - held.reserved.1) >= quantity ? 1 : nil
    }

    mutating func reserve(_ product: Int, _ quantity: Int, in warehouse: Int) {
        adjust(product, warehouse, onHand: 0, reserved: quantity)
    }

    /// Reserved ones leave the warehouse, or stay and are free again.
    mutating func release(_ product: Int, _ quantity: Int, in warehouse: Int, sent: Bool) {
        adjust(product, warehouse, onHand: sent ? -quantity : 0, reserved: -quantity)
    }

    mutating func add(_ product: Int, _ quantity: Int, to warehouse: Int) {
        adjust(product, warehouse, onHand: quantity, reserved: 0)
    }

    private mutating func adjust(_ product: Int, _ warehouse: Int, onHand: Int, reserved: Int) {
        if warehouse == 0 {
            products[product].onHand.0 += Int16(onHand)
            products[product].reserved.0 += Int16(reserved)
        } else {
            products[product].onHand.1 += Int16(onHand)
            products[product].reserved.1 += Int16(reserved)
        }
        let held = products[product]
        precondition(
            held.reserved.0 >= 0 && held.onHand.0 >= held.reserved.0 && held.reserved.1 >= 0
                && held.onHand.1 >= held.reserved.1, "stock that is sold twice")
    }

    // MARK: What follows from the number

    private func source(_ product: Int, _ label: String) -> RandomSource {
        RandomSource(seed: seed &+ UInt64(product), label: label)
    }

    /// Categories are as unequal as the products: the first has a quarter.
    func category(_ product: Int) -> Int {
        var random = source(product, "category")
        let draw = random.below(ShopWords.categories.count * (ShopWords.categories.count + 1) / 2)
        var sum = 0
        for (position, weight) in (1...ShopWords.categories.count).reversed().enumerated() {
            sum += weight
            if draw < sum { return position }
        }
        return 0
    }

    func brand(_ product: Int) -> String {
        var random = source(product, "brand")
        return ShopWords.brands[random.below(ShopWords.brands.count)]
    }

    func name(_ product: Int) -> String {
        var random = source(product, "name")
        let words = ShopWords.things[category(product)]
        return "\(brand(product)) \(ShopWords.materials[random.below(ShopWords.materials.count)]) "
            + "\(words[random.below(words.count)]) \(100 + product % 900)"
    }

    /// One to eight sentences.
    func description(_ product: Int) -> String {
        var random = source(product, "description")
        let things = ShopWords.things[category(product)]
        var text = ""
        for _ in 0...random.below(8) {
            let adjective = ShopWords.adjectives[random.below(ShopWords.adjectives.count)]
            let material = ShopWords.materials[random.below(ShopWords.materials.count)]
            let thing = things[random.below(things.count)]
            let place = ShopWords.places[random.below(ShopWords.places.count)]
            text += text.isEmpty ? "" : " "
            text += "A \(adjective) \(thing) of \(material) for \(place)."
        }
        return text
    }

    func sku(_ product: Int) -> String {
        let digits = String(product + 1)
        let filled = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        return "\(ShopWords.categories[category(product)].prefix(3).uppercased())-\(filled)"
    }

    /// What the embedder sees of a product: its category weighs most.
    func summary(_ product: Int) -> String {
        let category = ShopWords.categories[category(product)]
        return "\(category) \(category) \(name(product))"
    }
}
