import Columnar
import Foundation
import Testing

@testable import Ingest

@Suite("An ingest that dies and goes on")
struct ResumptionTests {
    private func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("ingest-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Starts as the command does; the state is in the folder.
    private func run(
        _ engine: FakeEngine, _ folder: String, _ name: String,
        _ adjust: (inout FileIngest.Options) -> Void = { _ in }
    ) throws -> IngestTally {
        let path = "\(folder)/\(name)"
        var options = FileIngest.Options(path: path, database: "shop", table: "orders")
        adjust(&options)
        let delivery = try Delivery(
            engine.target, try StateFile("\(path).ingest"), source: path)
        delivery.batchRowLimit = 4
        try FileIngest(options, delivery).run()
        return delivery.tally
    }

    @Test("Every row is there once, wherever it died", arguments: [false, true])
    func everyMoment(isCarriedOut: Bool) throws {
        var text = "id,what\n"
        for row in 0..<30 { text += "\(row),row\n" }
        for death in 0..<14 {
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/rows.csv"))
            let engine = FakeEngine()
            engine.isCarriedOut = isCarriedOut
            var deaths = 0
            engine.requestsLeft = death
            while deaths < 100 {
                do {
                    _ = try run(engine, folder, "rows.csv")
                    break
                } catch let error as IngestError {
                    guard case .unavailable = error else { throw error }
                    deaths += 1
                    // Again a few requests later, and then never.
                    engine.requestsLeft = deaths < 4 ? death + 3 : nil
                }
            }
            engine.requestsLeft = nil
            let found = engine.tables["shop.orders"]?.rows.map { $0["id"] }
            #expect(found == (0..<30).map { .bigint(Int64($0)) })
            #expect(engine.changeCount == 30)
            #expect(try run(engine, folder, "rows.csv").ownRowCount == 0)
        }
    }

    @Test("A file that is another one is not read on")
    func otherFile() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = URL(fileURLWithPath: "\(folder)/rows.csv")
        try Data("id\n1\n2\n".utf8).write(to: url)
        let engine = FakeEngine()
        _ = try run(engine, folder, "rows.csv")
        try Data("id\n1\n7\n8\n".utf8).write(to: url)
        #expect(throws: IngestError.self) { try run(engine, folder, "rows.csv") }
        #expect(engine.changeCount == 2)
        try Data("id\n1\n2\n3\n".utf8).write(to: url)
        #expect(try run(engine, folder, "rows.csv").ownRowCount == 1)
    }

    @Test("A state that is damaged, or in use, is refused")
    func damagedState() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("id\n1\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/rows.csv"))
        let engine = FakeEngine()
        _ = try run(engine, folder, "rows.csv")
        let url = URL(fileURLWithPath: "\(folder)/rows.csv.ingest")
        let state = [UInt8](try Data(contentsOf: url))
        for position in state.indices {
            var damaged = state
            damaged[position] ^= 1
            #expect(throws: (any Error).self) { try IngestState(decoding: damaged) }
            #expect(throws: (any Error).self) {
                try IngestState(decoding: Array(state[..<position]))
            }
        }
        let held = try StateFile("\(folder)/rows.csv.ingest")
        #expect(throws: IngestError.self) { try run(engine, folder, "rows.csv") }
        withExtendedLifetime(held) {}
    }

    @Test("A mistake names its place, and what stood before is there")
    func mistake() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = URL(fileURLWithPath: "\(folder)/rows.csv")
        try Data("id,cents\n1,5\n2,6,7\n3,8\n".utf8).write(to: url)
        let engine = FakeEngine()
        do {
            _ = try run(engine, folder, "rows.csv")
            Issue.record("the record has one field too many")
        } catch let error as IngestError {
            #expect("\(error)".contains("rows.csv:3: 3 fields"))
        }
        #expect(engine.changeCount == 1)
        try Data("id,cents\n1,5\n2,6\n3,8\n".utf8).write(to: url)
        _ = try run(engine, folder, "rows.csv")
        #expect(engine.tables["shop.orders"]?.rows.count == 3)
    }

    @Test("New columns of a source are added to the table")
    func newColumn() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let engine = FakeEngine()
        for (name, text) in [
            ("a.json", "{\"id\": 1}\n"),
            ("b.json", "[{\"id\": 2,\n \"note\": \"new\"},\n{\"id\": 3}]"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            _ = try run(engine, folder, name) { $0.key = ["id"] }
        }
        let rows = engine.tables["shop.orders"]?.rows ?? []
        #expect(rows.map { $0["note"] } == [nil, .string("new"), .null])
    }

    @Test("A changed key deletes the row of the old one, a value that is not said stays")
    func debezium() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func event(_ operation: String, _ id: Int, _ before: String, _ after: String) -> String {
            "{\"key\":{\"id\":\(id)},\"value\":{\"op\":\"\(operation)\","
                + "\"before\":\(before),\"after\":\(after),"
                + "\"source\":{\"table\":\"orders\",\"connector\":\"postgresql\"}"
                + "}}\n"
        }
        let text =
            event("c", 1, "null", "{\"id\":1,\"note\":\"a\",\"n\":1}")
            + event("c", 2, "null", "{\"id\":2,\"note\":\"b\",\"n\":1}")
            + event(
                "u", 1, "null", "{\"id\":1,\"note\":\"__debezium_unavailable_value\",\"n\":2}")
            + event("d", 2, "{\"id\":2,\"note\":null,\"n\":0}", "null")
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/changes.json"))
        let engine = FakeEngine()
        _ = try run(engine, folder, "changes.json") { $0.format = .debezium }
        #expect(
            engine.tables["shop.orders"]?.rows == [
                ["id": .bigint(1), "note": .string("a"), "n": .bigint(2)]
            ])
    }

    @Test("A log that grows and is replaced is followed, also while nobody looked")
    func follow() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/rows.json"
        func append(_ text: String) {
            let file = FileHandle(forWritingAtPath: path)
            file?.seekToEndOfFile()
            file?.write(Data(text.utf8))
            try? file?.close()
        }
        func replace(_ old: String, with text: String) {
            try? FileManager.default.moveItem(atPath: path, toPath: "\(folder)/\(old)")
            _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        }
        func follow(_ engine: FakeEngine, until isDone: @escaping () -> Bool) throws {
            let target = engine.target
            target.isStopped = isDone
            var options = FileIngest.Options(path: path, database: "shop", table: "orders")
            options.isFollowed = true
            options.format = .jsonLines
            let delivery = try Delivery(target, try StateFile("\(folder)/state"), source: path)
            #expect(throws: IngestError.stopped) { try FileIngest(options, delivery).run() }
        }
        let engine = FakeEngine()
        var stage = 0
        _ = FileManager.default.createFile(atPath: path, contents: Data("{\"id\":1}\n".utf8))
        try follow(engine) {
            if engine.changeCount == 1 && stage == 0 {
                stage = 1
                append("{\"id\":2}\n{\"id\"")
            } else if engine.changeCount == 2 && stage == 1 {
                stage = 2
                append(":3}\n")
                replace("rows.json.1", with: "{\"id\":4}\n")
            }
            return engine.changeCount == 4
        }
        append("{\"id\":5}\n")
        replace("rows.json.2", with: "{\"id\":6}\n")
        try follow(engine) {
            if engine.changeCount == 6 && stage == 2 {
                stage = 3
                append("{\"id\":7,\"note\":\"new\",\"none\":null}\n")
            }
            return engine.changeCount >= 7
        }
        let rows = engine.tables["shop.orders"]?.rows ?? []
        #expect(rows.map { $0["id"] } == (1...7).map { .bigint(Int64($0)) })
        #expect(rows.last?["note"] == .string("new"))
    }
}
