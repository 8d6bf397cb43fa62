public import Changelog
public import Columnar
public import LakeTiering
import KeyValue
public import Platform
public import Simulation

/// A table whose buckets are real logs on a machine's disk, with random changes and what they come
/// to.
public final class LoggedTable: LogSource {
    public let table: TieredTable
    public private(set) var logs: [ChangeLog] = []
    /// What readers are told of the end of each log.
    public private(set) var highWatermarks: LakeOffsets
    /// Buckets that refuse to be read.
    public var unreadable: Set<Int32> = []
    private let machine: Machine
    private let codec: KeyCodec
    private var rows: [[Int64: Row]]
    private var nextKey: Int64 = 0

    /// Columns of every type; the first two are the key if there is one.
    public static func schema(isKeyed: Bool) -> Schema {
        let types: [DataType] = [
            .bigint, .string, .boolean, .int, .float, .double, .bytes, .date,
            .timestamp(precision: 6),
            .timestampLTZ(precision: 6), .decimal(precision: 12, scale: 2), .vector(dimension: 3),
            .string,
        ]
        let fields = types.enumerated().map { position, type in
            Field(
                identifier: Int32(position + 1), name: "column\(position)", type: type,
                isNullable: position > 1)
        }
        return Schema(identifier: 3, fields: fields, primaryKey: isKeyed ? [1, 0] : [])
    }

    public init(_ machine: Machine, isKeyed: Bool, bucketCount: Int = 2) async throws {
        self.machine = machine
        let schema = Self.schema(isKeyed: isKeyed)
        table = TieredTable(
            identifier: isKeyed ? 7 : 8, name: isKeyed ? "shelves" : "clicks", schema: schema,
            bucketCount: bucketCount)
        codec = KeyCodec(primaryKeyOf: schema)
        highWatermarks = table.startOffsets
        rows = [[Int64: Row]](repeating: [:], count: bucketCount)
        for bucket in 0..<bucketCount {
            logs.append(
                try await ChangeLog.open(machine, directory: "\(table.identifier)/\(bucket)"))
        }
    }

    // MARK: Reading

    public func highWatermark(
        of table: Int64, partition: Int64?, bucket: Int32
    ) async throws -> Int64 {
        if unreadable.contains(bucket) { throw LogSourceError.unavailable(reason: "as told") }
        return highWatermarks[Int(bucket)]
    }

    public func batches(
        of table: Int64, partition: Int64?, bucket: Int32, from offset: Int64, byteCount: Int
    ) async throws -> [LogBatch] {
        if unreadable.contains(bucket) { throw LogSourceError.unavailable(reason: "as told") }
        return try await logs[Int(bucket)].readBatches(
            from: offset, below: highWatermarks[Int(bucket)], maximumByteCount: byteCount)
    }

    public func hasPartition(_ partition: Int64, of table: Int64) async throws -> Bool { false }

    /// Tells readers another end of a log than it has.
    public func pretend(_ highWatermark: Int64, of bucket: Int) {
        highWatermarks[bucket] = highWatermark
    }

    // MARK: Writing

    /// Appends a batch of random changes to a random bucket; now and then one without records.
    public func write(_ random: RandomStream) throws {
        let bucket = random.next(in: 0..<table.bucketCount)
        if random.chance(1, in: 10) {
            try append(.empty(schemaIdentifier: table.schema.identifier), to: bucket)
        } else if table.isPrimaryKeyTable {
            try writeChanges(random, bucket)
        } else {
            let rows = (0..<random.next(in: 1..<20)).map { _ in
                nextKey += 1
                return row(nextKey, random)
            }
            try append(.appendOnly(try RecordBatch(schema: table.schema, rows: rows)), to: bucket)
        }
    }

    private func writeChanges(_ random: RandomStream, _ bucket: Int) throws {
        var records: [Row] = []
        var changes: [ChangeType] = []
        for _ in 0..<random.next(in: 1..<20) {
            let key = Int64(random.next(in: 0..<60) * table.bucketCount + bucket)
            let old = rows[bucket][key]
            if let old, random.chance(1, in: 3) {
                rows[bucket][key] = nil
                records.append(old)
                changes.append(.delete)
                continue
            }
            let new = row(key, random)
            rows[bucket][key] = new
            if let old {
                records += [old, new]
                changes += [.updateBefore, .updateAfter]
            } else {
                records.append(new)
                changes.append(.insert)
            }
        }
        try append(
            .changes(try RecordBatch(schema: table.schema, rows: records), changes), to: bucket)
    }

    public func append(_ batch: LogBatch, to bucket: Int) throws {
        let appended = try logs[bucket].append(
            asLeader: batch, leaderEpoch: 1, commitTimestamp: machine.clock.timestamp)
        highWatermarks[bucket] = appended.endOffset
    }

    /// A row of any values; the key's part follows from `key`.
    public func row(_ key: Int64, _ random: RandomStream) -> Row {
        let number = Int64(random.next(in: 0..<1000))
        let row: Row = [
            .bigint(key), .string("key \(key % 7)"), .boolean(number % 2 == 0),
            .int(Int32(number)), .float(Float(number) / 8), .double(Double(number) / -16),
            .bytes([0, UInt8(number % 256), 255]), .date(Int32(number) - 500),
            .timestamp(number * 1_000_003 - 7), .timestamp(-number * 999_983),
            .decimal(Int128(number) * 7919 - 3_000_000),
            .vector([Float(number), -0.5, Float(key)]),
            .string(number % 5 == 0 ? "ünï \"\(number)\"\n" : "text \(number % 13)"),
        ]
        return row.enumerated().map { position, value in
            position > 1 && random.chance(1, in: 8) ? .null : value
        }
    }

    // MARK: The reference

    /// A log table's rows, or a primary-key table's in key order, up to some offsets.
    public func rows(upTo ends: LakeOffsets) async throws -> [Row] {
        let ends = ends.entries.map(\.offset)
        var logged: [Row] = []
        var keyed: [(key: [UInt8], row: Row)] = []
        for (bucket, end) in ends.enumerated() {
            var fold = table.isPrimaryKeyTable ? ChangelogFold(schemas: [table.schema]) : nil
            for batch in try await logs[bucket].readBatches(
                from: 0, below: end, maximumByteCount: .max)
            {
                try fold?.apply(batch)
                if fold == nil { logged += try batch.decodeRecords(table.schema).records.rows }
            }
            if let fold { keyed += fold.rows }
        }
        keyed.sort { $0.key.lexicographicallyPrecedes($1.key) }
        return table.isPrimaryKeyTable ? keyed.map(\.row) : logged
    }
}
