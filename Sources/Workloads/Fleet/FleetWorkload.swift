import Columnar

/// A fleet of devices that measure and report: gaps, bursts after them, and clocks that are wrong.
///
/// Each device measures at an even pace. Some go out of reach, keep what they measure as long as
/// their memory lasts, and send it in a burst when they are back. What is delivered at least once
/// comes twice now and then. The distributions are on the page "Other worlds".
public final class FleetWorkload: Workload {
    public struct Options: Sendable, Hashable {
        public var devices = 200
        /// The mean simulated time between two changes.
        public var interval = Duration.milliseconds(5)
        /// Reports that begin a gap, in parts per million.
        public var gapPartsPerMillion = 8000
        public var twicePartsPerMillion = 5000
        /// Devices whose clock is far off until it is set, in parts per million.
        public var wrongClockPartsPerMillion = 20_000
        /// Readings that a device keeps while it is out of reach.
        public var backlogLimit = 200

        public init() {}
    }

    private enum Table: Int {
        case devices, readings, alerts
    }

    private enum Happening {
        case report(Int)
        case reconnect(Int)
        case repeated(Change)
    }

    public let tables: [TableDefinition]
    public private(set) var truth = FleetTruth()
    private let options: Options
    private var random: RandomSource
    private var devices: [FleetDevice] = []
    private var agenda = Agenda<Happening>()
    private var clock: Int64 = 0
    private var changes: [Change] = []
    /// Between two reports of one device: each makes about this many changes.
    private let period: Int64

    public init(seed: UInt64, _ options: Options = Options()) {
        precondition(options.devices > 0 && options.interval > .zero, "a fleet without devices")
        self.options = options
        random = RandomSource(seed: seed, label: "fleet")
        tables = Self.definitions
        let (seconds, attoseconds) = options.interval.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        period = max(1000, microseconds * Int64(options.devices) * 11 / 10)
    }

    public func redraw(_ number: UInt64) {
        random = RandomSource(seed: number, label: "fleet anew")
    }

    public func next(now: Int64) -> WorkloadStep? {
        if devices.isEmpty { begin(now) }
        let before = clock
        repeat {
            let (at, happening) = agenda.removeFirst()
            clock = at
            switch happening {
            case .report(let number): report(number)
            case .reconnect(let number): reconnect(number)
            case .repeated(let change): changes.append(change)
            }
        } while changes.isEmpty
        defer { changes.removeAll(keepingCapacity: true) }
        return WorkloadStep(delay: .microseconds(clock - before), changes: changes)
    }

    private func begin(_ now: Int64) {
        clock = now
        for number in 0..<options.devices {
            // A quartz is right within some 20 millionths.
            devices.append(
                FleetDevice(
                    decidegrees: Int32(180 + random.below(60)),
                    drift: Int64(random.below(41) - 20), synchronized: now))
            if random.chance(partsPerMillion: options.wrongClockPartsPerMillion) {
                // Set to the epoch after a reset, or a day ahead.
                devices[number].offset = random.below(2) == 0 ? -now : 86_400_000_000
            }
            agenda.add(.report(number), at: now + Int64(random.below(Int(period))))
        }
    }

    private func report(_ number: Int) {
        let jitter = Int64(random.below(Int(period / 5 + 1))) - period / 10
        agenda.add(.report(number), at: clock + period + jitter)
        measure(number)
        if devices[number].isOffline {
            keep(number)
        } else if random.chance(partsPerMillion: options.gapPartsPerMillion) {
            devices[number].isOffline = true
            truth.gaps += 1
            keep(number)
            // Most gaps are short, some are not.
            let length = period * Int64(QuantileTable.price.draw(&random)) / 300
            agenda.add(.reconnect(number), at: clock + length)
        } else {
            if devices[number].sequence == 1 || random.below(40) == 0 { emit(device: number) }
            send(number, reading(number))
            watch(number)
        }
    }

    private func reading(_ number: Int) -> FleetDevice.Reading {
        let device = devices[number]
        return FleetDevice.Reading(
            sequence: device.sequence, at: device.time(at: clock),
            decidegrees: device.decidegrees)
    }

    private func measure(_ number: Int) {
        devices[number].sequence += 1
        let away = devices[number].decidegrees - 210
        devices[number].decidegrees += Int32(random.below(21)) - 10 - away / 20
        if random.below(100) == 0 { devices[number].decidegrees += 90 }
        devices[number].battery = max(0, devices[number].battery - Int32(random.below(2)))
        if devices[number].battery == 0 { devices[number].battery = 1000 }
    }

    private func keep(_ number: Int) {
        truth.bufferedReadings += 1
        devices[number].backlog.append(reading(number))
        if devices[number].backlog.count <= options.backlogLimit { return }
        devices[number].backlog.removeFirst()
        truth.droppedReadings += 1
    }

    /// A device is back: all that it kept comes at once, its clock is set, it may have other
    /// firmware.
    private func reconnect(_ number: Int) {
        let backlog = devices[number].backlog
        devices[number].backlog = []
        devices[number].isOffline = false
        devices[number].offset = 0
        devices[number].synchronized = clock
        if random.below(10) == 0 { devices[number].firmware += 1 }
        emit(device: number)
        for reading in backlog { send(number, reading) }
    }

    private func watch(_ number: Int) {
        let isHot = devices[number].decidegrees > (devices[number].isHot ? 260 : 280)
        if isHot == devices[number].isHot { return }
        devices[number].isHot = isHot
        let key: [Value] = [.string(name(number)), .string("temperature")]
        if !isHot {
            changes.append(Change(table: Table.alerts.rawValue, .delete(key: key)))
            return
        }
        truth.alerts += 1
        let row: Row =
            key + [
                .double(Double(devices[number].decidegrees) / 10), .timestamp(clock),
                random.below(3) == 0 ? .null : .string("on-call"),
            ]
        changes.append(Change(table: Table.alerts.rawValue, .upsert(row)))
    }

    // MARK: Rows

    private func name(_ number: Int) -> String { "\(Self.models[number % 4])-\(1000 + number)" }

    private func emit(device number: Int) {
        let device = devices[number]
        let place = RandomSource(seed: UInt64(number), label: "place")
        var draws = place
        let site: Value = .row([
            .double(Double(draws.below(1_800_000)) / 10_000 - 90),
            .double(Double(draws.below(3_600_000)) / 10_000 - 180),
            draws.below(4) == 0 ? .null : .string("hall \(1 + draws.below(9))"),
        ])
        changes.append(
            Change(
                table: Table.devices.rawValue,
                .upsert([
                    .string(name(number)), .string(Self.models[number % 4]),
                    .int(device.firmware), site, .int(device.battery),
                    draws.below(3) == 0
                        ? .null : .string("{\"period\":\(period / 1000),\"retain\":true}"),
                    .timestamp(clock),
                ])))
    }

    private func send(_ number: Int, _ reading: FleetDevice.Reading) {
        truth.readings += 1
        if abs(reading.at - clock) > 60_000_000 { truth.wrongTimes += 1 }
        let isBlind = random.below(50) == 0
        if isBlind { truth.missingValues += 1 }
        let vibration: Value =
            reading.sequence % 8 == 0
            ? .array((0..<16).map { _ in .float(Float(random.below(2000)) / 1000 - 1) }) : .null
        let change = Change(
            table: Table.readings.rawValue,
            .append([
                .string(name(number)), .bigint(reading.sequence),
                isBlind ? .null : .double(Double(reading.decidegrees) / 10),
                .int(devices[number].battery), vibration, .timestamp(reading.at),
                .timestamp(clock),
            ]))
        changes.append(change)
        if random.chance(partsPerMillion: options.twicePartsPerMillion) {
            truth.repeatedReadings += 1
            let wait = Int64(1 + random.below(Int(period)))
            agenda.add(.repeated(change), at: clock + wait)
        }
    }

    private static let models = ["boiler", "chiller", "meter", "pump"]

    /// Its tables, whatever the options.
    public static var definitions: [TableDefinition] {
        func field(_ name: String, _ type: DataType, _ isNullable: Bool = false) -> Field {
            Field(identifier: 0, name: name, type: type, isNullable: isNullable)
        }
        func fields(_ fields: [Field]) -> [Field] {
            fields.enumerated().map { position, field in
                var field = field
                field.identifier = Int32(position + 1)
                return field
            }
        }
        let time = DataType.timestampLTZ(precision: 6)
        let site = DataType.row(
            RowType([
                field("latitude", .double), field("longitude", .double),
                field("room", .string, true),
            ]))
        return [
            TableDefinition(
                name: "devices",
                schema: Schema(
                    fields: fields([
                        field("id", .string), field("model", .string), field("firmware", .int),
                        field("site", site), field("battery", .int),
                        field("configuration", .string, true), field("updated_at", time),
                    ]), primaryKey: [0]), bucketKey: [0]),
            TableDefinition(
                name: "readings",
                schema: Schema(
                    fields: fields([
                        field("device_id", .string), field("sequence", .bigint),
                        field("temperature", .double, true), field("battery", .int),
                        field("vibration", .array(ArrayType(.float, isNullable: false)), true),
                        field("measured_at", time), field("received_at", time),
                    ])), bucketKey: [0]),
            TableDefinition(
                name: "alerts",
                schema: Schema(
                    fields: fields([
                        field("device_id", .string), field("kind", .string),
                        field("value", .double), field("opened_at", time),
                        field("owner", .string, true),
                    ]), primaryKey: [0, 1]), bucketKey: [0]),
        ]
    }
}
