import Changelog
import Columnar
import KeyValue
import Parquet
import Platform
import Simulation

/// What a row takes in each of the engine's formats, in bytes: exact, no clock has a say.
///
/// The rows are the orders of `MicroBenchmark`. `parquet` has the same rows for other programs to
/// write in their own formats.
public struct EncodingSizes: Sendable {
    public struct Entry: Sendable {
        /// The layer of the engine: `log`, `rows` or `lake`.
        public var layer: String
        public var name: String
        public var byteCount: Int
    }

    public let rowCount: Int
    public private(set) var entries: [Entry] = []
    /// The rows as the lake has them.
    public let parquet: [UInt8]

    /// Rows of a batch where a client writes a few at a time, and where it writes many.
    public static let batchCounts = [100, 5000]

    /// Encodes so many orders; complexity: linear.
    ///
    /// Precondition: `rowCount` is a multiple of the larger of `batchCounts`.
    public init(rowCount: Int) throws {
        precondition(rowCount > 0 && rowCount % Self.batchCounts[1] == 0, "batches that are short")
        self.rowCount = rowCount
        let rows = MicroBenchmark.orders(rowCount)
        let schema = MicroBenchmark.schema
        var writer = try ParquetWriter(schema: ParquetSchema(schema))
        try writer.append(try RecordBatch(schema: schema, rows: rows))
        parquet = writer.finish().bytes
        for count in Self.batchCounts {
            for compression in [Compression.none, .zstd] {
                let name = "batches of \(count), \(compression == .none ? "plain" : "zstd")"
                add("log", name, try Self.batches(of: rows, count, compression))
            }
        }
        add("rows", "table files", try Self.tables(rows))
        add("lake", "Parquet, zstd", parquet.count)
    }

    private mutating func add(_ layer: String, _ name: String, _ byteCount: Int) {
        entries.append(Entry(layer: layer, name: name, byteCount: byteCount))
    }

    /// The changelog of upserts of new rows.
    private static func batches(
        of rows: [Row], _ count: Int, _ compression: Compression
    ) throws -> Int {
        var byteCount = 0
        for start in stride(from: 0, to: rows.count, by: count) {
            var builder = LogBatchBuilder(
                schema: MicroBenchmark.schema, isAppendOnly: false, capacity: count)
            for row in rows[start..<start + count] { try builder.append(row, .insert) }
            byteCount += try builder.finish(compression: compression).byteCount
        }
        return byteCount
    }

    /// The files of a store, once all is merged that would be.
    private static func tables(_ rows: [Row]) throws -> Int {
        let schema = MicroBenchmark.schema
        let rowCodec = RowCodec(schema: schema)
        let keyCodec = KeyCodec(primaryKeyOf: schema)
        let changes = try rows.map { row in
            KeyValueStore.Change(
                key: try keyCodec.encode(schema.primaryKey.map { row[$0] }),
                value: try rowCodec.encode(row))
        }
        return try MicroBenchmark.inTank { machine in
            let store = try await KeyValueStore.open(machine, directory: "rows")
            store.apply(
                changes, upTo: Int64(changes.count), rowCountChange: Int64(changes.count))
            try await store.flush()
            while store.needsCompaction { _ = try await store.compact() }
            var byteCount = 0
            for name in try await machine.disk.list("rows") where name.hasSuffix(".table") {
                let file = try await machine.disk.open("rows/" + name, .existing)
                byteCount += Int(try await file.size())
                await file.close()
            }
            return byteCount
        }
    }
}
