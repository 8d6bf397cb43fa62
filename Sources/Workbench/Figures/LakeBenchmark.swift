import Changelog
import Cluster
import Columnar
import Host
import Iceberg
import LakeTiering
import Parquet
import Platform
import Simulation
import UnionRead

/// A lake table on this machine's disk: rows of a log table that are tiered to it, union reads of
/// some of its columns and rows, a table with a key, and commits to one of ever more files.
///
/// The log is a real one, and a round of tiering is what a server's tierer does, without a fault.
public struct LakeBenchmark {
    public var rowCount = 10_000_000
    /// The numbers of data files that a commit finds.
    public var fileCounts = [10, 100, 1000, 10_000]

    /// What one kind of work took.
    public struct Work: Sendable {
        public var name: String
        /// Rows that were written, or gone over; commits.
        public var count: Int
        /// Rows of the answer.
        public var found: Int
        public var processorSeconds: Double
        public var seconds: Double
        /// The most memory of the process meanwhile.
        public var peakByteCount: Int
    }

    /// What the process has used, as only the system knows.
    public struct Meter {
        let processorSeconds: () -> Double
        /// The most memory since it was asked for the last time.
        let peakByteCount: () -> Int

        public init(processorSeconds: @escaping () -> Double, peakByteCount: @escaping () -> Int) {
            self.processorSeconds = processorSeconds
            self.peakByteCount = peakByteCount
        }
    }

    /// Ten columns of shop orders: numbers that grow, that are drawn from few and from many, and
    /// text.
    private static let columns: [(name: String, type: DataType)] = [
        ("id", .bigint), ("customer", .bigint), ("product", .int), ("quantity", .int),
        ("price", .double), ("discount", .double), ("country", .string), ("channel", .string),
        ("note", .string), ("moment", .timestamp(precision: 6)),
    ]

    private static let fields = columns.enumerated().map { place, column in
        Field(identifier: Int32(place + 1), name: column.name, type: column.type, isNullable: false)
    }
    private static let schema = Schema(fields: fields)
    private static let keyedSchema = Schema(fields: fields, primaryKey: [0])

    private static let batchRowCount = 5000
    /// Of a commit, as of PyIceberg's appends beside it.
    private static let roundByteCount = 24 << 20
    private static let commitCount = 5
    private static let location = ClusterConfiguration.defaultLakeLocation

    public init() {}

    /// Does the work in a folder that holds nothing else, and leaves the lake there.
    ///
    /// - Throws: `HostError` about the folder, or what the disk answered.
    public func run(folder: String, _ meter: Meter) throws -> [Work] {
        try HostWorld(HostConfiguration(folder: folder)).measured {
            try await self.measure($0, meter)
        }
    }

    private func measure(_ machine: Machine, _ meter: Meter) async throws -> [Work] {
        var works: [Work] = []
        func timed(
            _ name: String, _ body: () async throws -> (count: Int, found: Int)
        ) async throws {
            _ = meter.peakByteCount()
            let before = (meter.processorSeconds(), machine.clock.now)
            let (count, found) = try await body()
            works.append(
                Work(
                    name: name, count: count, found: found,
                    processorSeconds: max(1e-6, meter.processorSeconds() - before.0),
                    seconds: max(
                        1e-6, Double((machine.clock.now - before.1).nanoseconds) / 1e9),
                    peakByteCount: meter.peakByteCount()))
        }
        let log = try await BenchLog(machine, "orders")
        let table = TieredTable(
            identifier: 1, name: "orders", schema: Self.schema, bucketCount: 1)
        try await timed("log append") {
            try await fill(log)
            return (rowCount, rowCount)
        }
        let tiering = tiering(of: table, log, machine)
        try await timed("log to lake") {
            let count = try await Self.tier(tiering)
            return (count, count)
        }
        precondition(works.last?.count == rowCount, "rows that did not come to the lake")
        let reader = UnionReader(machine, in: Self.location, log: log)
        let few = RowFilter([RowFilter.Comparison(column: 4, .less, .int(10))])
        for (name, request) in [
            ("read three columns of a tenth", ReadRequest(columns: [0, 4, 6], filter: few)),
            ("read one column", ReadRequest(columns: [4])),
            ("read all columns", ReadRequest()),
        ] {
            try await timed(name) {
                let extent = try await reader.stream(table, request) { _ in }
                return (rowCount, extent.rowCount)
            }
        }
        let keys = try await BenchLog(machine, "keys")
        let keyed = self.tiering(
            of: TieredTable(identifier: 2, name: "keys", schema: Self.keyedSchema, bucketCount: 1),
            keys, machine)
        let keyCount = max(1, rowCount / 10)
        try await fill(keys, inserting: keyCount)
        try await timed("new keys to lake") {
            let count = try await Self.tier(keyed)
            return (count, count)
        }
        try await fill(keys, updating: keyCount)
        try await timed("updates to lake") {
            let count = try await Self.tier(keyed)
            return (keyCount, count)
        }
        for count in fileCounts {
            let lake = try await lake(of: count, machine)
            try await timed("commit at \(count) files") {
                for _ in 0..<Self.commitCount { try await append(1, to: lake, machine) }
                return (Self.commitCount, Self.commitCount)
            }
        }
        return works
    }

    private func tiering(
        of table: TieredTable, _ log: BenchLog, _ machine: Machine
    ) -> TableTiering {
        var configuration = LakeTieringConfiguration()
        configuration.byteCountPerRound = Self.roundByteCount
        return TableTiering(
            machine, table, epoch: 1, in: Self.location, from: log, configuration: configuration)
    }

    /// Tiers all that is new; answers how many rows were written.
    private static func tier(_ tiering: TableTiering) async throws -> Int {
        var count = 0
        while let commit = try await tiering.round() { count += commit.addedRowCount }
        return count
    }

    /// The changelog of so many new keys.
    private func fill(_ log: BenchLog, inserting count: Int) async throws {
        let random = RandomStream(seed: 4, label: "new keys")
        for start in stride(from: 0, to: count, by: Self.batchRowCount) {
            let rows = (start..<min(start + Self.batchRowCount, count)).map {
                Self.row($0, random)
            }
            try await log.append(
                .changes(
                    RecordBatch(schema: Self.keyedSchema, rows: rows),
                    Array(repeating: .insert, count: rows.count)))
        }
    }

    /// The changelog of as many updates of any of so many keys.
    private func fill(_ log: BenchLog, updating count: Int) async throws {
        let random = RandomStream(seed: 5, label: "updated keys")
        for start in stride(from: 0, to: count, by: Self.batchRowCount) {
            let batchCount = min(Self.batchRowCount, count - start)
            var rows: [Row] = []
            for _ in 0..<batchCount {
                let key = random.next(in: 0..<count)
                rows += [Self.row(key, random), Self.row(key, random)]
            }
            let changes = (0..<batchCount).flatMap { _ in
                [ChangeType.updateBefore, .updateAfter]
            }
            try await log.append(
                .changes(RecordBatch(schema: Self.keyedSchema, rows: rows), changes))
        }
    }

    private func fill(_ log: BenchLog) async throws {
        let random = RandomStream(seed: 1, label: "lake rows")
        var done = 0
        while done < rowCount {
            let count = min(Self.batchRowCount, rowCount - done)
            var builder = RecordBatchBuilder(schema: Self.schema, capacity: count)
            for number in done..<done + count { try builder.append(Self.row(number, random)) }
            try await log.append(try .appendOnly(builder.finish()))
            done += count
        }
    }

    private static let countries = ["DE", "FR", "GB", "IT", "NL", "PL", "ES", "SE", "DK", "AT"]
    private static let channels = ["web", "app", "shop", "phone"]

    private static func row(_ number: Int, _ random: RandomStream) -> Row {
        let bits = random.next()
        func drawn(_ shift: UInt64, _ count: UInt64) -> Int { Int((bits >> shift) % count) }
        return [
            .bigint(Int64(number)), .bigint(Int64(drawn(0, 500_000))),
            .int(Int32(drawn(7, 20_000))), .int(Int32(drawn(11, 100))),
            .double(Double(drawn(17, 100_000)) / 100), .double(Double(drawn(23, 21)) / 100),
            .string(countries[drawn(29, 10)]),
            .string(channels[drawn(34, 4)]), .string("left at door \(drawn(3, 9973))"),
            .timestamp(1_700_000_000_000_000 + Int64(number) * 1000 + Int64(drawn(41, 1000))),
        ]
    }

    // MARK: Commits

    /// A lake table of so many small files, made by one commit.
    private func lake(of count: Int, _ machine: Machine) async throws -> LakeTable {
        let lake = try await LakeTable.openOrCreate(
            machine, LakeTableName(namespace: "bench", name: "files\(count)"), in: Self.location,
            schema: IcebergSchema(Self.schema))
        try await append(count, to: lake, machine)
        return lake
    }

    /// Commits so many files of a row.
    private func append(_ count: Int, to lake: LakeTable, _ machine: Machine) async throws {
        let random = RandomStream(seed: 3, label: "files")
        var change = LakeChange()
        for number in 0..<count {
            var writer = try ParquetWriter(schema: ParquetSchema(Self.schema))
            try writer.append(
                RecordBatch(schema: Self.schema, rows: [Self.row(number, random)]))
            let file = writer.finish()
            let path = lake.newPath("data", ".parquet")
            try await lake.write(file.bytes, at: path)
            change.dataFiles.append(DataFile(file, content: .data, path: path))
        }
        _ = try await lake.commit(change, on: machine) { _ in }
    }
}

/// One bucket's log on the machine's disk.
private final class BenchLog: LogSource {
    private let machine: Machine
    private let log: ChangeLog
    private var unsyncedByteCount = 0
    private static let byteCountBetweenSyncs = 16 << 20

    init(_ machine: Machine, _ directory: String) async throws {
        self.machine = machine
        log = try await ChangeLog.open(machine, directory: directory)
    }

    func append(_ batch: LogBatch) async throws {
        try log.append(
            asLeader: batch, leaderEpoch: 1, commitTimestamp: machine.clock.timestamp)
        unsyncedByteCount += batch.byteCount
        if unsyncedByteCount < Self.byteCountBetweenSyncs { return }
        unsyncedByteCount = 0
        try await log.sync()
    }

    func highWatermark(
        of table: Int64, partition: Int64?, bucket: Int32
    ) async throws -> Int64 { log.endOffset }

    func batches(
        of table: Int64, partition: Int64?, bucket: Int32, from offset: Int64, byteCount: Int
    ) async throws -> [LogBatch] {
        try await log.readBatches(from: offset, maximumByteCount: byteCount)
    }

    func hasPartition(_ partition: Int64, of table: Int64) async throws -> Bool { false }
}
