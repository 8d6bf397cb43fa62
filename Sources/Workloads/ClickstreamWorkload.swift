import Columnar

/// Visits to a web shop: sessions, and their page views, carts and purchases, of many at once.
///
/// A session has a row from its first view to some time after its end: when it was last seen is
/// brought up to date at its carts, at some of its views and at its end. The rows of old ended
/// sessions are deleted, so that the table does not grow for ever.
public final class ClickstreamWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var sessions = 200
        public var latePartsPerMillion = 20_000
        public var lateMicroseconds = 60_000_000
        public var pace = Pace(interval: .milliseconds(5))

        public init() {}
    }

    private enum Table: Int {
        case pageViews, carts, purchases, sessions
    }

    private struct Session {
        var number: Int64
        var visitor: Int64
        var device: String
        var started: Int64
        var seen: Int64
        var views: Int32 = 0
        var items: Int32 = 0
        var cents: Int64 = 0
    }

    public let tables: [TableDefinition]
    private let options: Options
    private var random: RandomSource
    private var elapsed = Duration.zero
    private var sessions: [Session] = []
    /// Numbers of sessions that have ended and still have a row, oldest first.
    private var ended: [Int64] = []
    private var nextSession: Int64 = 1
    private var nextEvent: Int64 = 1
    private var nextPurchase: Int64 = 1
    private var queue: [Change] = []

    public init(seed: UInt64, _ options: Options = Options()) {
        self.options = options
        random = RandomSource(seed: seed, label: "clickstream")
        tables = Self.definitions
    }

    public func redraw(_ number: UInt64) {
        random = RandomSource(seed: number, label: "clickstream anew")
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
                    number: nextSession, visitor: Int64(1 + random.below(5000)),
                    device: Self.devices[random.below(Self.devices.count)], started: time,
                    seen: time))
            nextSession += 1
            view(sessions.count - 1, time)
            return
        }
        let position = random.below(sessions.count)
        switch random.below(100) {
        case ..<70: view(position, time)
        case ..<85: addToCart(position, time)
        case ..<92 where sessions[position].items > 0: buy(position, time)
        default: leave(position, time)
        }
    }

    private func emit(_ table: Table, _ kind: Change.Kind) {
        queue.append(Change(table: table.rawValue, kind))
    }

    /// The session's row, which a late event does not set back.
    private func emitSession(_ session: inout Session, _ time: Int64, hasEnded: Bool = false) {
        session.seen = max(session.seen, time)
        emit(
            .sessions,
            .upsert([
                .bigint(session.number), .bigint(session.visitor), .string(session.device),
                .timestamp(session.started), .timestamp(session.seen), .int(session.views),
                .boolean(hasEnded),
            ]))
    }

    private func view(_ position: Int, _ time: Int64) {
        sessions[position].views += 1
        let session = sessions[position]
        emit(
            .pageViews,
            .append([
                .bigint(nextEvent), .bigint(session.number), .bigint(session.visitor),
                .string("/product/\(random.skewed(400, eventPercent: 80, keyPercent: 10))"),
                session.views == 1 ? .string("search") : .null, .timestamp(time),
            ]))
        nextEvent += 1
        sessions[position].seen = max(session.seen, time)
        if session.views % 4 == 1 { emitSession(&sessions[position], time) }
    }

    private func addToCart(_ position: Int, _ time: Int64) {
        sessions[position].items += 1
        sessions[position].cents += Int64(100 + random.below(20_000))
        let session = sessions[position]
        emit(
            .carts,
            .upsert([
                .bigint(session.number), .int(session.items), .decimal(Int128(session.cents)),
                .timestamp(time),
            ]))
        emitSession(&sessions[position], time)
    }

    private func buy(_ position: Int, _ time: Int64) {
        let session = sessions[position]
        emit(
            .purchases,
            .append([
                .bigint(nextPurchase), .bigint(session.number), .decimal(Int128(session.cents)),
                .timestamp(time),
            ]))
        nextPurchase += 1
        leave(position, time)
    }

    /// Ends a session: its cart goes, its row stays until enough others have ended.
    private func leave(_ position: Int, _ time: Int64) {
        var session = sessions.remove(at: position)
        if session.items > 0 { emit(.carts, .delete(key: [.bigint(session.number)])) }
        emitSession(&session, time, hasEnded: true)
        ended.append(session.number)
        if ended.count > options.sessions {
            emit(.sessions, .delete(key: [.bigint(ended.removeFirst())]))
        }
    }

    private static let devices = ["phone", "desktop", "tablet"]

    /// Its tables, whatever the options.
    public static var definitions: [TableDefinition] {
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
                    field(1, "id", .bigint), field(2, "session_id", .bigint),
                    field(3, "visitor_id", .bigint), field(4, "page", .string),
                    field(5, "referrer", .string, true),
                    field(6, "viewed_at", .timestampLTZ(precision: 6)),
                ]), bucketKey: [1]),
            TableDefinition(
                name: "carts",
                schema: Schema(
                    fields: [
                        field(1, "session_id", .bigint), field(2, "items", .int),
                        field(3, "total", money),
                        field(4, "updated_at", .timestampLTZ(precision: 6)),
                    ], primaryKey: [0]), bucketKey: [0]),
            TableDefinition(
                name: "purchases",
                schema: Schema(fields: [
                    field(1, "id", .bigint), field(2, "session_id", .bigint),
                    field(3, "total", money), field(4, "bought_at", .timestampLTZ(precision: 6)),
                ]), bucketKey: [1]),
            TableDefinition(
                name: "sessions",
                schema: Schema(
                    fields: [
                        field(1, "id", .bigint), field(2, "visitor_id", .bigint),
                        field(3, "device", .string),
                        field(4, "started_at", .timestampLTZ(precision: 6)),
                        field(5, "last_seen_at", .timestampLTZ(precision: 6)),
                        field(6, "views", .int),
                        field(7, "ended", .boolean),
                    ], primaryKey: [0]), bucketKey: [0]),
        ]
    }
}
