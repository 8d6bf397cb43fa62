import Columnar
import Foundation
import Parquet
import Testing

@testable import Ingest

@Suite("Files of each format")
struct FormatTests {
    private let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("formats-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func run(
        _ engine: FakeEngine, _ bytes: [UInt8], _ format: FileFormat? = nil, name: String = "file",
        fresh: Bool = true
    ) throws {
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        if fresh { try? FileManager.default.removeItem(atPath: path + ".ingest") }
        var options = FileIngest.Options(path: path, database: "shop", table: "orders")
        options.format = format
        let delivery = try Delivery(
            engine.target, try StateFile("\(path).ingest"), source: path)
        delivery.batchRowLimit = 7
        try FileIngest(options, delivery).run()
    }

    private func parquet() throws -> [UInt8] {
        var configuration = ParquetWriter.Configuration()
        configuration.rowGroupRowLimit = 10
        let schema = Schema(fields: [
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "tags", type: .array(ArrayType(.string))),
            Field(identifier: 3, name: "code", type: .uuid),
        ])
        var writer = try ParquetWriter(
            schema: ParquetSchema(schema), configuration: configuration)
        let code = UniqueIdentifier("b68a35a7-17ad-35b3-af2a-ae46edb4545a")
        let rows: [Row] = (0..<33).map { row in
            [
                .bigint(Int64(row)), .array([.string("a"), .null]),
                code.map { .uuid($0) } ?? .null,
            ]
        }
        try writer.append(try RecordBatch(schema: schema, rows: rows))
        return writer.finish().bytes
    }

    @Test("Parquet goes on in the middle of a row group")
    func parquetResumes() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bytes = try parquet()
        let engine = FakeEngine()
        engine.isCarriedOut = true
        engine.requestsLeft = 5
        #expect(throws: IngestError.self) { try run(engine, bytes) }
        engine.requestsLeft = nil
        try run(engine, bytes, fresh: false)
        let rows = engine.tables["shop.orders"]?.rows ?? []
        #expect(rows.map { $0["id"] } == (0..<33).map { .bigint(Int64($0)) })
        #expect(rows[32]["tags"] == .array([.string("a"), .null]))
        #expect(rows[32]["code"] == .string("b68a35a7-17ad-35b3-af2a-ae46edb4545a"))
        #expect(engine.changeCount == 33)
    }

    @Test("Damaged files are refused and stop nothing", arguments: 0..<40)
    func damage(seed: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let formats: [(FileFormat, [UInt8])] = [
            (.parquet, try parquet()),
            (.csv, Array("id,\"name\"\n1,\"a\"\"\n\"\n2,3\n".utf8)),
            (.jsonLines, Array("{\"id\": 1, \"a\": [1, {}]}\n{\"id\": 2.5}\n".utf8)),
            (
                .wal2json,
                Array(
                    ("{\"action\":\"I\",\"schema\":\"public\",\"table\":\"t\","
                        + "\"columns\":[{\"name\":\"id\",\"type\":\"integer\",\"value\":1}],"
                        + "\"pk\":[{\"name\":\"id\",\"type\":\"integer\"}]}\n").utf8)
            ),
            (
                .accessLog,
                Array(
                    ("127.0.0.1 - - [25/Nov/2026:20:16:13 +0100] \"GET / HTTP/1.1\" 200 28 "
                        + "\"-\" \"curl\"\n").utf8)
            ),
        ]
        for (format, bytes) in formats {
            let whole = FakeEngine()
            try run(whole, bytes, format)
            #expect(whole.changeCount > 0)
            var damaged = bytes
            let place = seed * 7919 % bytes.count
            damaged[place] ^= UInt8(1 << (seed % 8))
            do { try run(FakeEngine(), damaged, format) } catch is IngestError {}
            do { try run(FakeEngine(), Array(bytes[..<place]), format) } catch is IngestError {}
        }
    }

    @Test("What a file is shows in its name and its beginning")
    func guesses() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func guess(_ name: String, _ text: String) throws -> FileFormat? {
            let path = "\(folder)/\(name)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            return try FileFormat.guess(path)
        }
        #expect(try guess("a.csv", "id\n1\n") == .csv)
        #expect(try guess("a", "PAR1") == .parquet)
        #expect(try guess("a", "{\"id\": 1}") == .jsonLines)
        #expect(try guess("a", "[{\"op\": \"c\", \"after\": {}}]") == .debezium)
        #expect(try guess("a", "{\"action\": \"B\"}") == .wal2json)
        #expect(try guess("access.log", "127.0.0.1 - -") == .accessLog)
        #expect(try guess("a", "something") == nil)
        #expect(try guess("a", "\0\0") == nil)
    }
}
