import Columnar

/// The logs of some services: requests that leave lines in several of them, incidents in which
/// errors come in crowds with their stack traces, and deployments.
///
/// Beside the lines themselves, as text and as JSON, there is a row for each instance and one for
/// each kind of error, which many lines count up: a hot key. The distributions are on the page
/// "Other worlds".
public final class LogWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var services = 6
        public var instances = 3
        /// The mean simulated time between two changes.
        public var interval = Duration.milliseconds(5)
        public var incidentEvery = Duration.seconds(40)
        public var incidentDuration = Duration.seconds(8)
        public var latePartsPerMillion = 10_000

        public init() {}
    }

    private enum Table: Int {
        case lines, instances, errors
    }

    enum Level: Int, CaseIterable {
        case debug, info, warn, error

        var name: String { "\(self)".uppercased() }
    }

    private struct Instance {
        var service: Int
        var number: Int
        var version = 1
        var restarts: Int32 = 0
        var started: Int64
    }

    private enum Happening {
        case request, incident, endOfIncident, deployment
        case line(Change)
    }

    public let tables: [TableDefinition]
    public private(set) var truth = LogTruth()
    private let options: Options
    private var random: RandomSource
    private var agenda = Agenda<Happening>()
    private var clock: Int64 = 0
    private var changes: [Change] = []
    private var instances: [Instance] = []
    private var errors: [String: (count: Int64, first: Int64)] = [:]
    private var sickService: Int?
    private let requestInterval: Int64

    public init(seed: UInt64, _ options: Options = Options()) {
        precondition(options.services > 0 && options.instances > 0, "logs without services")
        self.options = options
        random = RandomSource(seed: seed, label: "logs")
        tables = Self.definitions
        let (seconds, attoseconds) = options.interval.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        requestInterval = max(1, microseconds * 5)
    }

    public func redraw(_ number: UInt64) {
        random = RandomSource(seed: number, label: "logs anew")
    }

    public func next(now: Int64) -> WorkloadStep? {
        if instances.isEmpty { begin(now) }
        let before = clock
        repeat {
            let (at, happening) = agenda.removeFirst()
            clock = at
            happen(happening)
        } while changes.isEmpty
        defer { changes.removeAll(keepingCapacity: true) }
        return WorkloadStep(delay: .microseconds(clock - before), changes: changes)
    }

    private func begin(_ now: Int64) {
        clock = now
        for service in 0..<options.services {
            for number in 0..<options.instances {
                instances.append(Instance(service: service, number: number, started: now))
                emit(instance: instances.count - 1)
            }
        }
        agenda.add(.request, at: now)
        agenda.add(.incident, at: now + microseconds(options.incidentEvery) / 2)
        agenda.add(.deployment, at: now + microseconds(options.incidentEvery) * 2 / 3)
    }

    private func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    private func happen(_ happening: Happening) {
        let every = microseconds(options.incidentEvery)
        switch happening {
        case .request:
            let factor = Int64(QuantileTable.exponential.draw(&random))
            agenda.add(.request, at: clock + max(1, requestInterval * factor / 1000))
            request()
        case .incident:
            sickService = random.below(options.services)
            truth.incidents += 1
            agenda.add(.endOfIncident, at: clock + microseconds(options.incidentDuration))
            agenda.add(.incident, at: clock + every / 2 + Int64(random.below(Int(every))))
        case .endOfIncident: sickService = nil
        case .deployment:
            deploy()
            agenda.add(.deployment, at: clock + every / 2 + Int64(random.below(Int(every))))
        case .line(let change): changes.append(change)
        }
    }

    /// A request goes through one to four services, and each writes some lines.
    private func request() {
        truth.requests += 1
        let trace = String(random.next() | 1 << 63, radix: 16) + String(random.next(), radix: 16)
        var at = clock
        for hop in 0...random.below(4) {
            let service = hop == 0 ? 0 : random.below(options.services)
            let instance = service * options.instances + random.below(options.instances)
            for _ in 0...random.below(3) {
                at += Int64(200 + QuantileTable.exponential.draw(&random) * 4)
                log(instance, level(of: service), trace: trace, at: at)
            }
        }
    }

    private func level(of service: Int) -> Level {
        let draw = random.below(1000)
        if sickService == service && draw < 350 { return .error }
        switch draw {
        case ..<180: return .debug
        case ..<920: return .info
        case ..<985: return .warn
        default: return .error
        }
    }

    /// All instances of a service start anew, with another version.
    private func deploy() {
        truth.deployments += 1
        let service = random.below(options.services)
        for place in instances.indices where instances[place].service == service {
            instances[place].version += 1
            instances[place].restarts += 1
            instances[place].started = clock
            emit(instance: place)
            for step in 0..<5 { log(place, .info, trace: nil, at: clock + Int64(step + 1) * 500) }
        }
    }

    // MARK: Lines

    private func log(_ place: Int, _ level: Level, trace: String?, at time: Int64) {
        let instance = instances[place]
        let service = Self.serviceName(instance.service)
        let message = message(level)
        var exception: String?
        if level == .error {
            let kind = Self.exceptions[random.below(Self.exceptions.count)]
            exception = stackTrace(kind, service)
            truth.stackTraces += 1
            count("\(service)/\(kind)", message, time)
        }
        truth.lines[level.rawValue] += 1
        let json =
            "{\"ts\":\(time),\"level\":\"\(level.name)\",\"service\":\"\(service)\","
            + "\"msg\":\"\(message)\"" + (trace.map { ",\"trace\":\"\($0)\"" } ?? "") + "}"
        let line = Change(
            table: Table.lines.rawValue,
            .append([
                .string(service), .int(Int32(instance.number)), .string(level.name),
                .string(message), trace.map { .string($0) } ?? .null,
                exception.map { .string($0) } ?? .null, .string(json), .timestamp(time),
            ]))
        var arrival = time
        if random.chance(partsPerMillion: options.latePartsPerMillion) {
            truth.lateLines += 1
            arrival += Int64(1 + random.below(5_000_000))
        }
        agenda.add(.line(line), at: arrival)
    }

    private func message(_ level: Level) -> String {
        let verb = Self.verbs[random.below(Self.verbs.count)]
        let object = Self.objects[random.below(Self.objects.count)]
        let amount = QuantileTable.price.draw(&random)
        switch level {
        case .debug: return "\(verb) \(object) \(amount) from cache"
        case .info: return "\(verb) \(object) \(amount) in \(1 + amount / 40) ms"
        case .warn: return "slow: \(verb) \(object) took \(amount) ms, limit is 1000 ms"
        case .error: return "cannot finish: \(verb) \(object) \(amount) failed"
        }
    }

    /// Three to forty frames.
    private func stackTrace(_ kind: String, _ service: String) -> String {
        var text = "\(kind): no answer after \(1 + random.below(30)) s"
        for _ in 0..<3 + random.below(random.below(38) + 1) {
            let object = Self.objects[random.below(Self.objects.count)]
            text += "\n  at \(service).\(object).\(Self.verbs[random.below(Self.verbs.count)])"
            text += "(\(object).swift:\(1 + random.below(900)))"
        }
        return text
    }

    private func count(_ fingerprint: String, _ message: String, _ time: Int64) {
        var known = errors[fingerprint] ?? (count: 0, first: time)
        known.count += 1
        errors[fingerprint] = known
        changes.append(
            Change(
                table: Table.errors.rawValue,
                .upsert([
                    .string(fingerprint), .bigint(known.count), .string(message),
                    .timestamp(known.first), .timestamp(time),
                ])))
    }

    private func emit(instance place: Int) {
        let instance = instances[place]
        changes.append(
            Change(
                table: Table.instances.rawValue,
                .upsert([
                    .string(Self.serviceName(instance.service)), .int(Int32(instance.number)),
                    .string("1.\(instance.version).0"), .int(instance.restarts),
                    .map([
                        MapEntry(.string("zone"), .string("z\(instance.number % 3)")),
                        MapEntry(
                            .string("canary"), instance.number == 0 ? .string("yes") : .null),
                    ]), .timestamp(instance.started),
                ])))
    }

    static func serviceName(_ number: Int) -> String {
        number < services.count ? services[number] : "service-\(number)"
    }

    private static let services = [
        "gateway", "orders", "payments", "search", "stock", "mail", "accounts", "images",
    ]
    private static let verbs = ["load", "store", "check", "send", "reserve", "index", "render"]
    private static let objects = ["order", "basket", "invoice", "session", "picture", "price"]
    private static let exceptions = ["TimeoutError", "ConflictError", "DecodingError", "IOError"]

    /// Its tables, whatever the options.
    public static var definitions: [TableDefinition] {
        func table(
            _ name: String, _ columns: [(String, DataType, Bool)], key: [Int] = []
        ) -> TableDefinition {
            TableDefinition(
                name: name,
                schema: Schema(
                    fields: columns.enumerated().map { position, column in
                        Field(
                            identifier: Int32(position + 1), name: column.0, type: column.1,
                            isNullable: column.2)
                    }, primaryKey: key), bucketKey: [0])
        }
        let time = DataType.timestampLTZ(precision: 6)
        return [
            table(
                "log_lines",
                [
                    ("service", .string, false), ("instance", .int, false),
                    ("level", .char(length: 5), false), ("message", .string, false),
                    ("trace_id", .string, true), ("exception", .string, true),
                    ("line", .string, false), ("logged_at", time, false),
                ]),
            table(
                "instances",
                [
                    ("service", .string, false), ("instance", .int, false),
                    ("version", .string, false), ("restarts", .int, false),
                    ("labels", .map(MapType(.string, .string)), false),
                    ("started_at", time, false),
                ], key: [0, 1]),
            table(
                "errors",
                [
                    ("fingerprint", .string, false), ("count", .bigint, false),
                    ("sample", .string, false), ("first_seen", time, false),
                    ("last_seen", time, false),
                ], key: [0]),
        ]
    }
}
