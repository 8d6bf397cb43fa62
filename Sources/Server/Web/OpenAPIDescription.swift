import JSON

/// The description of what HTTP can be asked for here, as OpenAPI 3.1 has it.
///
/// All of it comes from the table of routes, which requests are checked by as well.
///
/// Source: <https://spec.openapis.org/oas/v3.1.0>.
enum OpenAPIDescription {
    static var json: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Wavetank",
                "version": "1",
                "description": .string(
                    "Tables over HTTP: definitions, rows in and out, the changelog, and SQL. "
                        + "Beside it /iceberg is an Iceberg REST catalog and /warehouse an S3 "
                        + "store, which have descriptions of their own."),
            ],
            "paths": .object(paths),
            // Where there are no users nobody has to say who he is.
            "security": [[:], ["password": []], ["token": []]],
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": [
                    "password": ["type": "http", "scheme": "basic"],
                    "token": ["type": "http", "scheme": "bearer"],
                ],
            ],
        ]
    }

    private static var paths: [JSONMember] {
        var paths: [JSONMember] = []
        for route in WebRoute.all where !paths.contains(where: { $0.name == route.path }) {
            let methods = WebRoute.all.filter { $0.path == route.path }
            paths.append(
                JSONMember(
                    route.path,
                    .object(methods.map { JSONMember($0.method.lowercased(), operation($0)) })))
        }
        return paths
    }

    private static func operation(_ route: WebRoute) -> JSONValue {
        var members = [
            JSONMember("operationId", .string(route.operation.rawValue)),
            JSONMember("summary", .string(route.summary)),
        ]
        let parameters = route.segments.filter(\.isName).map(inPath) + route.parameters.map(inQuery)
        if !parameters.isEmpty { members.append(JSONMember("parameters", .array(parameters))) }
        switch route.body {
        case .none: break
        case .json(let schema):
            members.append(
                JSONMember(
                    "requestBody",
                    ["required": true, "content": ["application/json": of(schema)]]))
        case .rows(let schema):
            let content = RowFormat.allCases.map { format in
                JSONMember(format.mediaType, format == .json ? of(schema) : [:])
            }
            members.append(
                JSONMember("requestBody", ["required": true, "content": .object(content)]))
        }
        members.append(JSONMember("responses", .object(responses(route))))
        return .object(members)
    }

    private static func of(_ schema: String) -> JSONValue { ["schema": reference(schema)] }

    private static func reference(_ schema: String) -> JSONValue {
        ["$ref": .string("#/components/schemas/\(schema)")]
    }

    private static func inPath(_ name: (text: String, isName: Bool)) -> JSONValue {
        [
            "name": .string(name.text), "in": "path", "required": true,
            "schema": ["type": "string", "minLength": 1],
        ]
    }

    private static func inQuery(_ parameter: WebRoute.Parameter) -> JSONValue {
        var members = [
            JSONMember("name", .string(parameter.name)), JSONMember("in", "query"),
            JSONMember("description", .string(parameter.about)),
        ]
        switch parameter.kind {
        case .integer(let range):
            members.append(
                JSONMember(
                    "schema",
                    [
                        "type": "integer", "minimum": .integer(range.lowerBound),
                        "maximum": .integer(range.upperBound),
                    ]))
        case .boolean: members.append(JSONMember("schema", ["type": "boolean"]))
        case .text: members.append(JSONMember("schema", ["type": "string"]))
        case .choice(let choices):
            members.append(
                JSONMember(
                    "schema",
                    ["type": "string", "enum": .array(choices.map { .string($0) })]))
        case .json(let schema):
            members.append(JSONMember("content", ["application/json": of(schema)]))
        }
        return .object(members)
    }

    /// The statuses of problems that any request can meet.
    private static let anywhere = [400, 401, 403, 405, 503]

    private static func responses(_ route: WebRoute) -> [JSONMember] {
        var responses: [JSONMember] = []
        switch route.answer {
        case .nothing:
            responses.append(JSONMember("204", ["description": "Done"]))
        case .text(let type):
            responses.append(
                JSONMember(
                    "200", ["description": "As asked", "content": .object([JSONMember(type, [:])])])
            )
            if route.refusals.contains(503) {
                responses.append(
                    JSONMember(
                        "503",
                        ["description": "Not now", "content": .object([JSONMember(type, [:])])]))
            }
        case .json(let schema, let statuses):
            for status in statuses {
                responses.append(
                    JSONMember(
                        String(status),
                        [
                            "description": status == 201 ? "Made" : "As asked",
                            "content": ["application/json": of(schema)],
                        ]))
            }
        case .rows(let schema):
            let content = RowFormat.allCases.map { format in
                JSONMember(format.mediaType, format == .json ? of(schema) : [:])
            }
            responses.append(
                JSONMember("200", ["description": "As asked", "content": .object(content)]))
        }
        for status in Set(route.refusals + anywhere).sorted()
        where !responses.contains(where: { $0.name == String(status) }) {
            responses.append(
                JSONMember(
                    String(status),
                    [
                        "description": .string(WebProblem.titles[status] ?? "Error"),
                        "content": .object([JSONMember(WebProblem.mediaType, of("Problem"))]),
                    ]))
        }
        return responses
    }
}
