import Columnar

/// One shop: its database and the visits to its pages, of the same products and customers.
///
/// Each step is one transaction. The shop has a clock of its own that runs `speed` times faster
/// than the cluster's, so that a minute sees half a day of it. What it does and how often, with
/// sources, is on the page "The shop".
///
/// Rows come when they are first needed, popular products and busy customers first, as a migration
/// does it; finished orders and old sessions are deleted, so that no table grows for ever.
public final class ShopWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var customers = 10_000
        public var products = 1_000
        /// The mean simulated time between two changes.
        public var interval = Duration.milliseconds(5)
        /// How many times faster than the cluster's the shop's clock runs.
        public var speed = 600
        /// The hour of the first day, which is a Monday.
        public var startHour = 9
        public var latePartsPerMillion = 20_000
        /// A late event comes by up to so much, on the shop's clock.
        public var lateMicroseconds = 3_600_000_000
        public var twicePartsPerMillion = 2_000
        /// Elements of the vectors of products and sessions.
        public var dimension = 16
        public var fraudRings = 4
        /// Finished orders and ended sessions that keep their rows.
        public var retained = 300

        public init() {}
    }

    enum Happening {
        case arrival, marketplace
        case visit(Int64)
        case deliver(Change)
        case order(Int64)
        case prices, drift, campaign, flashSale, endOfSale(Int), stock(Int), ring(Int)
        case member(ring: Int, ShopFraud, left: Int)
    }

    public let tables: [TableDefinition]
    let options: Options
    let embedder: TextEmbedder
    var catalogue: ShopCatalogue
    var customers: ShopCustomers
    var agenda = Agenda<Happening>()
    /// On the shop's clock, in microseconds since 1970; nil before the first step.
    private var begin: Int64?
    var clock: Int64 = 0
    /// Changes of the transaction under way.
    var changes: [Change] = []
    /// How often what should be seen in the data was done.
    public internal(set) var truth = ShopTruth()

    // One stream of draws for each thing, so that more of one leaves the others alone.
    var arrivals: RandomSource
    var visiting: RandomSource
    var selling: RandomSource
    var pricing: RandomSource
    var cheating: RandomSource
    var delivering: RandomSource

    var visits: [Int64: ShopVisit] = [:]
    var orders: [Int64: ShopOrder] = [:]
    var endedVisits: [ShopVisit] = []
    var finishedOrders: [ShopOrder] = []
    var listed: [Bool]
    var coupons: [ShopCoupon] = []
    var nextVisit: Int64 = 1
    var nextVisitor: Int64 = 1 << 40
    var nextEvent: Int64 = 1
    var nextOrder: Int64 = 1
    var nextCampaign = 0
    /// A campaign under way, and a product whose price is cut for a short time.
    var campaign: Int?
    var saleProduct: Int?
    var visitPosition = 0

    public init(seed: UInt64, _ options: Options = Options()) {
        precondition(options.speed > 0 && options.interval > .zero, "a shop where no time passes")
        self.options = options
        embedder = TextEmbedder(dimension: options.dimension)
        catalogue = ShopCatalogue(count: options.products, seed: seed)
        customers = ShopCustomers(count: options.customers, seed: seed)
        listed = Array(repeating: false, count: options.products)
        tables = Self.definitions(options)
        func draws(_ label: String) -> RandomSource {
            RandomSource(seed: seed, label: "shop \(label)")
        }
        arrivals = draws("arrivals")
        visiting = draws("visits")
        selling = draws("sales")
        pricing = draws("prices")
        cheating = draws("fraud")
        delivering = draws("deliveries")
    }

    /// The tables of a shop with these options.
    public static func definitions(_ options: Options) -> [TableDefinition] {
        ShopTable.definitions(dimension: options.dimension)
    }

    public func redraw(_ number: UInt64) {
        arrivals = RandomSource(seed: number, label: "shop arrivals anew")
        visiting = RandomSource(seed: number, label: "shop visits anew")
        selling = RandomSource(seed: number, label: "shop sales anew")
    }

    public func next(now: Int64) -> WorkloadStep? {
        if begin == nil { open(now) }
        let before = clock
        repeat {
            let (at, happening) = agenda.removeFirst()
            clock = at
            happen(happening)
        } while changes.isEmpty
        defer { changes.removeAll(keepingCapacity: true) }
        let nanoseconds = (clock - before) * 1000 / Int64(options.speed)
        return WorkloadStep(delay: .nanoseconds(nanoseconds), changes: changes)
    }

    private func open(_ now: Int64) {
        let day = 24 * WeekCurve.hour
        // The Monday before, so that a seed's week does not depend on the day of the run.
        let monday = now - (now + 3 * day) % (7 * day)
        clock = monday + Int64(options.startHour) * WeekCurve.hour
        begin = clock
        agenda.add(.arrival, at: clock)
        agenda.add(.marketplace, at: clock + WeekCurve.second)
        agenda.add(.prices, at: clock + minutes(5))
        agenda.add(.drift, at: clock + minutes(10))
        agenda.add(.campaign, at: clock + minutes(20))
        agenda.add(.flashSale, at: clock + minutes(90))
        for ring in 0..<options.fraudRings {
            agenda.add(.ring(ring), at: clock + minutes(15 + 25 * ring))
        }
    }

    private func happen(_ happening: Happening) {
        switch happening {
        case .arrival: arrive()
        case .marketplace: sellElsewhere()
        case .visit(let number): goOn(number)
        case .deliver(let change): changes.append(change)
        case .order(let number): advance(number)
        case .prices: changePrice()
        case .drift: drift()
        case .campaign: turnCampaign()
        case .flashSale: cutPrice()
        case .endOfSale(let product): endSale(product)
        case .stock(let product): takeDelivery(product)
        case .ring(let ring): strike(ring)
        case .member(let ring, let fraud, let left): cheat(ring, fraud, left: left)
        }
    }

    // MARK: Time

    func minutes(_ count: Int) -> Int64 { Int64(count) * 60 * WeekCurve.second }

    /// Between `least` and `most` minutes from now.
    func after(_ least: Int, _ most: Int, _ random: inout RandomSource) -> Int64 {
        clock + minutes(least) + Int64(random.below(Int(minutes(most - least)) + 1))
    }

    /// The changes that one arrival brings about, in the mean and with what campaigns and sales
    /// bring: measured, and held by a test.
    static let changesPerArrival: Int64 = 13

    /// The mean time to the next arrival, by the hour, the day and what goes on.
    var arrivalInterval: Int64 {
        let (seconds, attoseconds) = options.interval.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        let mean = nanoseconds * Int64(options.speed) * Self.changesPerArrival / 1000
        var factor = Int64(WeekCurve.factor(at: clock))
        if campaign != nil { factor = factor * 13 / 10 }
        if saleProduct != nil { factor *= 2 }
        return max(1, mean * 10_000 / factor)
    }
}
