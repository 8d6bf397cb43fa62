import Avro
import Changelog
import Columnar
import KeyValue
import Parquet
import Platform
import Simulation
import Vectors

/// A small piece of the engine, done over and over: for figures of a clock.
public struct MicroBenchmark: Sendable {
    public enum Unit: String, Sendable {
        case bytes, rows, operations, steps
    }

    public var name: String
    public var unit: Unit
    /// Does the work once and says how much it was.
    public var body: @Sendable () throws -> Int

    public init(_ name: String, _ unit: Unit, _ body: @escaping @Sendable () throws -> Int) {
        self.name = name
        self.unit = unit
        self.body = body
    }
}

extension MicroBenchmark {
    /// All, each with its input made ready.
    public static func all() throws -> [MicroBenchmark] {
        try bytes() + rows() + avro() + stores() + [scheduler]
    }

    // MARK: Input

    /// Text that compresses about as well as real rows do.
    private static func text(byteCount: Int) -> [UInt8] {
        let random = RandomStream(seed: 1, label: "micro text")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 64)
        while bytes.count < byteCount {
            bytes += "customer \(random.next(in: 0..<5000)) ordered ".utf8
            bytes += "\(random.next(in: 0..<90)) of product \(random.next(in: 0..<400));".utf8
        }
        return Array(bytes[..<byteCount])
    }

    static let schema = Schema(
        fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "customer", type: .bigint, isNullable: false),
            Field(identifier: 3, name: "state", type: .string, isNullable: false),
            Field(identifier: 4, name: "cents", type: .bigint, isNullable: false),
            Field(identifier: 5, name: "note", type: .string, isNullable: true),
        ], primaryKey: [0])

    static func orders(_ count: Int) -> [Row] {
        let random = RandomStream(seed: 2, label: "micro rows")
        let states = ["placed", "paid", "shipped", "cancelled"]
        return (0..<count).map { number in
            [
                .bigint(Int64(number)), .bigint(Int64(random.next(in: 0..<5000))),
                .string(states[random.next(in: 0..<4)]),
                .bigint(Int64(random.next(in: 0..<100_000))),
                random.chance(1, in: 3) ? .null : .string("to be left at door \(number % 97)"),
            ]
        }
    }

    // MARK: Pieces

    private static func bytes() -> [MicroBenchmark] {
        let text = text(byteCount: 1 << 20)
        let zstd = Compression.zstd.compress(text)
        let lz4 = Compression.lz4Frame.compress(text)
        return [
            MicroBenchmark("CRC-32C", .bytes) {
                var sum: UInt32 = 0
                for seed in 0..<64 as Range<UInt32> { sum ^= crc32c(text, seed: seed) }
                precondition(sum != 1, "the sum is used")
                return text.count * 64
            },
            MicroBenchmark("zstd compress", .bytes) {
                precondition(Compression.zstd.compress(text).count == zstd.count)
                return text.count
            },
            MicroBenchmark("zstd decompress", .bytes) {
                try Compression.zstd.decompress(zstd[...], limit: text.count).count
            },
            MicroBenchmark("lz4 compress", .bytes) {
                precondition(Compression.lz4Frame.compress(text).count == lz4.count)
                return text.count
            },
            MicroBenchmark("lz4 decompress", .bytes) {
                try Compression.lz4Frame.decompress(lz4[...], limit: text.count).count
            },
        ]
    }

    private static func rows() throws -> [MicroBenchmark] {
        let rows = orders(5000)
        let batch = try RecordBatch(schema: schema, rows: rows)
        let message = ArrowMessage.encode(batch)
        let codec = RowCodec(schema: schema)
        let encoded = try rows.map { try codec.encode($0) }
        var writer = try ParquetWriter(schema: ParquetSchema(schema))
        try writer.append(batch)
        let file = writer.finish().bytes
        return [
            MicroBenchmark("Arrow encode", .rows) {
                precondition(ArrowMessage.encode(batch).count == message.count)
                return batch.rowCount
            },
            MicroBenchmark("log batch build", .rows) {
                var builder = LogBatchBuilder(
                    schema: schema, isAppendOnly: true, capacity: rows.count)
                for row in rows { try builder.append(row, .append) }
                return try builder.finish().recordCount
            },
            MicroBenchmark("row encode", .rows) {
                for row in rows { _ = try codec.encode(row) }
                return rows.count
            },
            MicroBenchmark("row decode", .rows) {
                for bytes in encoded { _ = try codec.decode(bytes) }
                return encoded.count
            },
            MicroBenchmark("Parquet write", .rows) {
                var writer = try ParquetWriter(schema: ParquetSchema(schema))
                try writer.append(batch)
                return writer.finish().rowCount
            },
            MicroBenchmark("Parquet read", .rows) {
                try ParquetReader.open(file).readAll().reduce(0) { $0 + $1.rowCount }
            },
        ]
    }

    private static func avro() throws -> [MicroBenchmark] {
        let schema = AvroSchema.record(
            name: "entry",
            fields: [
                AvroField("path", .string), AvroField("count", .long),
            ])
        let records = (0..<5000 as Range<Int64>).map { number in
            AvroValue.record([.string("s3://warehouse/data/\(number).parquet"), .long(number)])
        }
        let file = AvroFile(schema: schema, metadata: [("format-version", "2")], records: records)
        let marker = [UInt8](repeating: 7, count: 16)
        let bytes = try file.encoded(syncMarker: marker)
        return [
            MicroBenchmark("Avro write", .rows) {
                _ = try file.encoded(syncMarker: marker)
                return records.count
            },
            MicroBenchmark("Avro read", .rows) { try AvroFile(decoding: bytes).records.count },
        ]
    }

    private static func stores() -> [MicroBenchmark] {
        [
            MicroBenchmark("rows put", .operations) { try inTank { try await putRows($0).count } },
            MicroBenchmark("rows put and get", .operations) {
                try inTank { machine in
                    let (store, count) = try await putRows(machine)
                    let random = RandomStream(seed: 4, label: "micro gets")
                    for _ in 0..<count {
                        _ = try await store.get(key(random.next(in: 0..<20_000)))
                    }
                    return count * 2
                }
            },
            MicroBenchmark("vector insert", .operations) {
                try inTank { try await fillVectors($0).count }
            },
            MicroBenchmark("vector insert and search", .operations) {
                try inTank { machine in
                    let index = try await fillVectors(machine)
                    for number in 0..<1000 {
                        _ = try index.search(vector(number + 9999), limit: 10)
                    }
                    return index.count + 1000
                }
            },
        ]
    }

    private static let scheduler = MicroBenchmark("scheduler", .steps) {
        let world = SimulationWorld(seed: 1)
        world.addMachine("one")
        world.start("one") { machine in
            while true { try await machine.sleep(.microseconds(10)) }
        }
        world.run(for: .seconds(3))
        let steps = world.stepCount
        world.shutDown()
        return steps
    }

    // MARK: In a world of their own

    private static func key(_ number: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ((7 - $0) * 8)) }
    }

    private static func putRows(
        _ machine: Machine
    ) async throws -> (store: KeyValueStore, count: Int) {
        let store = try await KeyValueStore.open(machine, directory: "rows")
        let random = RandomStream(seed: 3, label: "micro puts")
        let value = [UInt8](repeating: 7, count: 100)
        var count = 0
        for round in 1...200 {
            let changes = (0..<100).map { _ in
                KeyValueStore.Change(key: key(random.next(in: 0..<20_000)), value: value)
            }
            store.apply(changes, upTo: Int64(round), rowCountChange: 0)
            count += changes.count
            if store.needsFlush { try await store.flush() }
            if store.needsCompaction { _ = try await store.compact() }
        }
        return (store, count)
    }

    private static func vector(_ number: Int) -> [Float] {
        let random = RandomStream(seed: UInt64(number), label: "micro vectors")
        return (0..<32).map { _ in Float(random.next(in: 0..<2001) - 1000) / 1000 }
    }

    private static func fillVectors(_ machine: Machine) async throws -> VectorIndex {
        let index = try await VectorIndex.open(
            machine, prefix: "vectors", epoch: 1,
            configuration: VectorIndexConfiguration(dimension: 32))
        for number in 0..<2000 {
            try index.apply(offset: Int64(number), key: key(number), vector: vector(number))
        }
        return index
    }

    /// Runs `body` on the only machine of a fresh world.
    static func inTank(_ body: @escaping (Machine) async throws -> Int) throws -> Int {
        let world = SimulationWorld(seed: 1)
        var result: Result<Int, any Error>?
        world.addMachine("one")
        world.start("one") { machine in
            do { result = .success(try await body(machine)) } catch { result = .failure(error) }
        }
        let isDone = world.run(atMost: .seconds(86_400)) { result != nil }
        world.shutDown()
        precondition(isDone && result != nil, "a small piece of work without end")
        return try result!.get()
    }
}
