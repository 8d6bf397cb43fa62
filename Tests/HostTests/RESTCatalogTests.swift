import Foundation
import JSON
import Platform
import TestSupport
import Testing

@testable import Host

@Suite("An Iceberg REST catalog")
struct RESTCatalogTests {
    private static let table = LakeTableName(namespace: "shop.eu", name: "or ders")
    private static let path = "/v1/ice/namespaces/shop%1Feu/tables/or%20ders"

    /// Runs `body` on a machine whose lake catalog is what `answer` says.
    private static func run(
        credential: String? = nil,
        _ answer: @escaping @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Answer,
        _ body: @escaping (any LakeCatalog) async throws -> Void
    ) throws -> [ScriptedServer.Request] {
        let server = try ScriptedServer { request, count in
            request.line.hasPrefix("GET /v1/config")
                ? .status(200, #"{"defaults":{},"overrides":{"prefix":"ice"}}"#)
                : answer(request, count)
        }
        defer { server.stop() }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-rest-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = HostConfiguration(folder: folder)
        var catalog = try RESTCatalogConfiguration(url: "http://127.0.0.1:\(server.port)")
        catalog.warehouse = "s3://ice"
        catalog.credential = credential
        configuration.lakeCatalog = catalog
        let world = try HostWorld(configuration)
        var result: Result<Void, any Error>?
        world.start("machine") { machine in
            do { result = .success(try await body(machine.lakeCatalog)) } catch {
                result = .failure(error)
            }
        }
        _ = world.run(atMost: .seconds(60)) { result != nil }
        world.shutDown()
        try #require(result).get()
        return server.asked
    }

    private static func outcome(_ body: () async throws -> Bool) async -> String {
        do { return "\(try await body())" } catch let error as LakeCatalogError {
            switch error {
            case .unavailable: return "unavailable"
            case .outcomeUnknown: return "unknown"
            case .invalidRequest: return "invalid"
            case .denied: return "denied"
            }
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "What an answer to a commit means",
        arguments: [
            (200, "true"), (409, "false"), (404, "false"), (400, "invalid"), (422, "invalid"),
            (500, "unknown"), (502, "unknown"), (503, "unknown"), (504, "unknown"),
            (429, "unavailable"), (401, "denied"), (403, "denied"), (0, "unknown"),
        ])
    func commits(_ status: Int, _ meaning: String) throws {
        let asked = try Self.run { _, _ in
            status == 0 ? .silence : .status(status, #"{"error":{"message":"no"}}"#)
        } _: { catalog in
            let commit = LakeTableCommit(
                base: "v1", replacement: "", requirements: [["type": "assert-table-uuid"]],
                updates: [["action": "set-properties"]])
            let found = await Self.outcome { try await catalog.commit(Self.table, commit) }
            #expect(found == meaning)
        }
        let commit = try #require(asked.last)
        #expect(commit.line == "POST " + Self.path)
        #expect(
            commit.body
                == #"{"identifier":{"namespace":["shop","eu"],"name":"or ders"},"#
                + #""requirements":[{"type":"assert-table-uuid"}],"#
                + #""updates":[{"action":"set-properties"}]}"#)
        // The outcome of what was asked once is not made another by asking again.
        #expect(asked.count { $0.line == commit.line } == 1)
    }

    @Test("A read that fails had no effect", arguments: [500, 503, 0])
    func reads(_ status: Int) throws {
        _ = try Self.run { _, _ in
            status == 0 ? .silence : .status(status, "")
        } _: { catalog in
            let found = await Self.outcome { try await catalog.load(Self.table) != nil }
            #expect(found == "unavailable")
        }
    }

    @Test("A client lets itself in, and again when its token has ended")
    func tokens() throws {
        let asked = try Self.run(credential: "id:se:cret") { request, count in
            if request.line.hasPrefix("POST /v1/oauth/tokens") {
                return .status(200, #"{"access_token":"token \#(count)","expires_in":3600}"#)
            }
            // The first token is not taken any more by now.
            return request.authorization == "Bearer token 0"
                ? .status(401, "") : .status(404, "")
        } _: { catalog in
            for _ in 1...2 {
                let found = try await catalog.load(Self.table)
                #expect(found == nil)
            }
        }
        let tokens = asked.filter { $0.line.contains("oauth") }
        #expect(tokens.count == 2)
        #expect(
            tokens.first?.body
                == "grant_type=client_credentials&scope=PRINCIPAL_ROLE%3AALL&client_id=id&"
                + "client_secret=se%3Acret")
        #expect(asked.last?.line == "GET " + Self.path)
    }

    @Test("A list comes in pages, and of namespaces below each other")
    func lists() throws {
        _ = try Self.run { request, _ in
            switch request.line {
            case "GET /v1/ice/namespaces":
                .status(200, #"{"namespaces":[["a"],["b"]],"next-page-token":"2"}"#)
            case "GET /v1/ice/namespaces?pageToken=2":
                .status(200, #"{"namespaces":[["c"]],"next-page-token":null}"#)
            case "GET /v1/ice/namespaces?parent=a": .status(200, #"{"namespaces":[["a","x"]]}"#)
            case "GET /v1/ice/namespaces/a/tables":
                .status(200, #"{"identifiers":[{"namespace":["a"],"name":"t"}]}"#)
            case "GET /v1/ice/namespaces/a%1Fx/tables":
                .status(200, #"{"identifiers":[{"namespace":["a","x"],"name":"u"}]}"#)
            case "GET /v1/ice/namespaces/c/tables": .status(404, "")
            default: .status(200, #"{"identifiers":[],"namespaces":[]}"#)
            }
        } _: { catalog in
            let found = try await catalog.list().map(\.description)
            #expect(found == ["a.t", "a.x.u"])
        }
    }

    @Test("Nonsense is refused or taken for an error, and never a trap", arguments: 0..<12)
    func nonsense(_ seed: Int) throws {
        let texts = [
            "", "null", "[]", "{}", "{\"metadata\":7}", "{\"identifiers\":7,\"namespaces\":[[1]]}",
            "{\"metadata\":{},\"metadata-location\":[]}", "\u{0}\u{1}", "{\"namespaces\":[[]]}",
            String(repeating: "[", count: 4000), "{\"error\":\"x\"}", "{\"next-page-token\":\"\"}",
        ]
        _ = try Self.run { _, count in
            .status([200, 200, 404, 409, 500][(seed + count) % 5], texts[(seed + count) % 12])
        } _: { catalog in
            _ = await Self.outcome { try await catalog.load(Self.table) != nil }
            _ = await Self.outcome { try await catalog.list().isEmpty }
            _ = await Self.outcome {
                try await catalog.create(Self.table, LakeTableCreation(metadataLocation: ""))
            }
            _ = await Self.outcome { try await catalog.rename(Self.table, to: Self.table) }
            _ = await Self.outcome { try await catalog.drop(Self.table) }
        }
    }
}
