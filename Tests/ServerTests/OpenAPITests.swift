import JSON
import Testing

@testable import Server

@Suite("The description of what HTTP can be asked for")
struct OpenAPITests {
    @Test("Every operation has one route, and every route its place in the description")
    func routes() throws {
        let operations = WebRoute.all.map(\.operation.rawValue)
        #expect(operations.sorted() == WebRoute.Operation.allCases.map(\.rawValue).sorted())
        let description = OpenAPIDescription.json
        var described: [String] = []
        for path in try #require(description["paths"]?.object) {
            for method in path.value.object ?? [] {
                described.append("\(method.name.uppercased()) \(path.name)")
                let names = (method.value["parameters"]?.array ?? []).compactMap {
                    $0["in"] == "path" ? $0["name"]?.string : nil
                }
                #expect(names.allSatisfy { path.name.contains("{\($0)}") })
                #expect(names.count == path.name.filter { $0 == "{" }.count)
            }
        }
        #expect(described.sorted() == WebRoute.all.map { "\($0.method) \($0.path)" }.sorted())
    }

    @Test("Every reference leads to a schema, and every schema is referred to")
    func references() throws {
        let schemas = try #require(OpenAPIDescription.json["components"]?["schemas"]?.object)
        let names = Set(schemas.map(\.name))
        #expect(names.count == schemas.count)
        var wanted: Set<String> = []
        func walk(_ value: JSONValue) {
            if let reference = value["$ref"]?.string {
                wanted.insert(String(reference.dropFirst("#/components/schemas/".count)))
            }
            for member in value.object ?? [] { walk(member.value) }
            for element in value.array ?? [] { walk(element) }
        }
        walk(OpenAPIDescription.json)
        #expect(wanted == names)
    }

    @Test("A request is the route's whose path it has, with the parameters that this has")
    func calls() throws {
        func call(_ method: String, _ target: String) throws -> WebCall? {
            try WebRoute.call(try #require(WebRequest(method: method, target: target)))
        }
        let found = try #require(
            try call("HEAD", "/api/v1/databases/a%2Fb/tables/c/rows?limit=3&system=true"))
        #expect(found.route.operation == .readRows && found.name("database") == "a/b")
        #expect(found.integer("limit") == 3 && found.isSet("system"))
        for (target, status) in [
            ("/api/v1/tables?x=1", 400), ("/api/v1/databases/a/tables/b/rows?limit=-1", 400),
            ("/api/v1/databases/a/tables/b/rows?limit=1&limit=2", 400),
            ("/api/v1/databases/a/tables/b/rows?filter=%7B", 400),
        ] {
            do {
                _ = try call("GET", target)
                Issue.record("\(target) is taken")
            } catch let problem as WebProblem { #expect(problem.status == status) }
        }
        do {
            _ = try call("PUT", "/api/v1/databases")
            Issue.record("there is no PUT")
        } catch let problem as WebProblem {
            #expect(problem.allowed == ["GET", "POST", "HEAD"])
        }
    }
}
