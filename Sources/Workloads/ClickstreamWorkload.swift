import Columnar

/// Visits to a web shop: page views, carts and purchases of many sessions at once.
public final class ClickstreamWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var sessions = 200
        public var latePartsPerMillion = 20_000
        public var lateMicroseconds = 60_000_000
        public var pace = Pace(interval: .milliseconds(5))

        public init() {}
    }

    private struct Session {
        var number: Int64
        var visitor: Int64
        var views: Int32
        var items: Int32
        var cents: Int64
    }

    public let tables: [TableDefinition]
    private let options: Options
    private var random: RandomSource
    private var elapsed = Duration.zero
    private var sessions: [Session] = []
    private var nextSession: Int64 = 1
    private var nextEvent: Int64 = 1
    private var nextPurchase: Int64 = 1
    private var queue: [Change] = []

    public init(seed: UInt64, _ options: Options = Options()) {
        self.options = options
        random = RandomSource(seed: seed, label: "clickstream")
        tables = Self.definitions
    }

    public func next(now: Int64) -> WorkloadStep? {
        let delay = options.pace.delay(at: elapsed, &random)
        elapsed += delay
        if queue.isEmpty { act(eventTime(now)) }
        return WorkloadStep(delay: delay, changes: [queue.removeFirst()])
    }

    private func eventTime(_ now: Int64) -> Int64 {
        if !random.chance(partsPerMillion: options.latePartsPerMillion) { return now }
        return now - Int64(random.below(options.lateMicroseconds))
    }

    private func act(_ time: Int64) {
        if sessions.count < options.sessions && (sessions.isEmpty || random.below(4) == 0) {
            sessions.append(
                Session(
                    number: nextSession, visitor: Int64(1 + random.below(5000)), views: 0, items: 0,
                    cents: 0))
            nextSession += 1
            view(sessions.count - 1, time)
            return
        }
        let position = random.below(sessions.count)
        switch random.below(100) {
        case ..<70: view(position, time)
        case ..<85: addToCart(position, time)
        case ..<92 where sessions[position].items > 0: buy(position, time)
        default: leave(position)
        }
        if queue.isEmpty { act(time) }
    }

    private func view(_ position: Int, _ time: Int64) {
        sessions[position].views += 1
        let session = sessions[position]
        queue.append(
            Change(
                table: 0,
                .append([
                    .int64(nextEvent), .int64(session.number), .int64(session.visitor),
                    .string("/product/\(random.skewed(400, eventPercent: 80, keyPercent: 10))"),
                    session.views == 1 ? .string("search") : .null, .timestamp(time),
                ])))
        nextEvent += 1
    }

    private func addToCart(_ position: Int, _ time: Int64) {
        sessions[position].items += 1
        sessions[position].cents += Int64(100 + random.below(20_000))
        let session = sessions[position]
        queue.append(
            Change(
                table: 1,
                .upsert([
                    .int64(session.number), .int32(session.items), .decimal(session.cents),
                    .timestamp(time),
                ])))
    }

    private func buy(_ position: Int, _ time: Int64) {
        let session = sessions[position]
        queue.append(
            Change(
                table: 2,
                .append([
                    .int64(nextPurchase), .int64(session.number), .decimal(session.cents),
                    .timestamp(time),
                ])))
        queue.append(Change(table: 1, .delete(key: [.int64(session.number)])))
        nextPurchase += 1
        sessions.remove(at: position)
    }

    private func leave(_ position: Int) {
        let session = sessions.remove(at: position)
        if session.items > 0 {
            queue.append(Change(table: 1, .delete(key: [.int64(session.number)])))
        }
    }

    private static var definitions: [TableDefinition] {
        func field(_ number: Int32, _ name: String, _ type: DataType, _ isNullable: Bool = false)
            -> Field
        {
            Field(identifier: number, name: name, type: type, isNullable: isNullable)
        }
        let money = DataType.decimal(precision: 12, scale: 2)
        return [
            TableDefinition(
                name: "page_views",
                schema: Schema(fields: [
                    field(1, "id", .int64), field(2, "session_id", .int64),
                    field(3, "visitor_id", .int64), field(4, "page", .string),
                    field(5, "referrer", .string, true), field(6, "viewed_at", .timestampWithZone),
                ]), bucketKey: [1]),
            TableDefinition(
                name: "carts",
                schema: Schema(
                    fields: [
                        field(1, "session_id", .int64), field(2, "items", .int32),
                        field(3, "total", money), field(4, "updated_at", .timestampWithZone),
                    ], primaryKey: [0]), bucketKey: [0]),
            TableDefinition(
                name: "purchases",
                schema: Schema(fields: [
                    field(1, "id", .int64), field(2, "session_id", .int64),
                    field(3, "total", money), field(4, "bought_at", .timestampWithZone),
                ]), bucketKey: [1]),
        ]
    }
}
