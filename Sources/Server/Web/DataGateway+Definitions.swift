import Cluster
import Columnar
import Fluss
import JSON
import Platform

/// Databases and tables, in the JSON of Apache Fluss.
extension DataGateway {
    /// Changes what the coordination service has.
    ///
    /// Where it does not come about in time the cluster goes on with it.
    func defining<Value>(
        _ body: @escaping () async throws -> Value
    ) async throws -> Value {
        if definitionCount >= Self.definitionLimit {
            throw WebProblem(503, "unavailable", "too many definitions wait for a coordinator")
        }
        definitionCount += 1
        let done = Channel<Result<Value, any Error>>(machine)
        machine.spawn("definition over HTTP") {
            defer { self.definitionCount -= 1 }
            do { done.send(.success(try await body())) } catch { done.send(.failure(error)) }
        }
        let deadline = machine.clock.now + Self.writePatience
        guard let result = try await done.receive(until: deadline) else {
            throw WebProblem(
                504, "outcomeUnknown",
                "no coordinator answered in time: it may come about later, or ask again")
        }
        return try result.get()
    }

    /// The body of a call, which has to be one JSON object.
    func object(_ call: WebCall) throws -> JSONField {
        guard case .json = try RowFormat(ofBodyOf: call.request) else {
            throw WebProblem(415, "unsupportedMediaType", "send application/json")
        }
        let body = try JSONValue(
            parsing: call.request.body, byteLimit: RowBody.textByteLimit, depthLimit: 60)
        if body.object == nil { throw WebProblem.badRequest("the body is no object") }
        return JSONField(value: body, path: "")
    }

    /// What members of a body say; what they are not is told as such.
    func saying<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as JSONError {
            throw WebProblem.unprocessable("\(error)")
        }
    }

    // MARK: Databases

    func listDatabases(_ call: WebCall) async throws -> WebResponse {
        let names = client.mirror.databases.map(\.name).filter {
            access.isAllowed(call.caller, .describe, on: .database($0))
        }.map { JSONValue.string($0) }
        return WebResponse(json: ["databases": .array(names)])
    }

    func createDatabase(_ call: WebCall) async throws -> WebResponse {
        let body = try object(call)
        let wanted = try saying {
            var properties: [(String, String)] = []
            for (name, value) in try body.optional("custom_properties")?.members() ?? [] {
                properties.append((name, try value.string()))
            }
            return DatabaseDescription(
                name: try body.required("name").string(),
                comment: try body.optional("comment")?.string(), properties: properties)
        }
        let isNew = client.mirror.database(wanted.name) == nil
        try await defining { try await self.client.createDatabase(wanted) }
        return WebResponse(
            json: Self.describe(client.mirror.database(wanted.name) ?? wanted),
            status: isNew ? 201 : 200)
    }

    private func database(_ call: WebCall) throws -> DatabaseDescription {
        let name = call.name("database")
        guard let database = client.mirror.database(name) else {
            throw ClusterError.unknownDatabase(name: name)
        }
        return database
    }

    private static func describe(_ database: DatabaseDescription) -> JSONValue {
        var members = [JSONMember("name", .string(database.name))]
        if let comment = database.comment {
            members.append(JSONMember("comment", .string(comment)))
        }
        let properties = database.properties.map { JSONMember($0.name, .string($0.value)) }
        members.append(JSONMember("custom_properties", .object(properties)))
        return .object(members)
    }

    func describeDatabase(_ call: WebCall) async throws -> WebResponse {
        WebResponse(json: Self.describe(try database(call)))
    }

    func dropDatabase(_ call: WebCall) async throws -> WebResponse {
        let name = try database(call).name
        if name == TablePath.defaultDatabase {
            throw WebProblem.unprocessable("database \(name) is always there")
        }
        let isCascading = call.isSet("cascade")
        try await defining {
            try await self.client.dropDatabase(name, isCascading: isCascading)
        }
        return WebResponse(204, "application/json", [])
    }

    // MARK: Tables

    func listTables(_ call: WebCall) async throws -> WebResponse {
        let tables = client.mirror.tables(in: try database(call).name).filter {
            access.isAllowed(call.caller, .describe, on: .table($0.path))
        }
        return WebResponse(json: ["tables": .array(tables.map { .string($0.name) })])
    }

    private static func describe(_ table: TableDescription) -> JSONValue {
        .object(
            [
                JSONMember("database", .string(table.path.database)),
                JSONMember("name", .string(table.name)),
                JSONMember("identifier", .string(String(table.identifier))),
                JSONMember("schema_id", .integer(Int64(table.schema.identifier))),
            ] + (TableJSON.encode(table).object ?? []))
    }

    func describeTable(_ call: WebCall) async throws -> WebResponse {
        WebResponse(json: Self.describe(try table(call)))
    }

    func createTable(_ call: WebCall) async throws -> WebResponse {
        let body = try object(call)
        let name = try saying { try body.required("name").string() }
        let path = TablePath(database: try database(call).name, table: name)
        let servers = min(3, max(1, client.mirror.servers.count))
        let wanted = try TableJSON.table(
            body, at: path, standardReplicas: servers, indexesVectors: true)
        let isNew = client.mirror.table(at: path) == nil
        let table = try await defining { try await self.client.createTable(wanted) }
        return WebResponse(json: Self.describe(table), status: isNew ? 201 : 200)
    }

    func alterTable(_ call: WebCall) async throws -> WebResponse {
        let path = try table(call).path
        let body = try object(call)
        let changes = try changes(body)
        if changes.isEmpty { throw WebProblem.unprocessable("no change is asked for") }
        let table = try await defining {
            try await self.client.alterTable(path, changes)
        }
        return WebResponse(json: Self.describe(table))
    }

    private func changes(_ body: JSONField) throws -> [TableChange] {
        try saying {
            var changes: [TableChange] = []
            for (name, field) in try body.members() {
                switch name {
                case "add_columns", "widen_columns":
                    for column in try field.array() {
                        let columnName = try column.required("name").string()
                        let type = try TypeJSON.decode(try column.required("data_type")).type
                        changes.append(
                            name == "add_columns"
                                ? .addColumn(name: columnName, type: type)
                                : .widenColumn(name: columnName, type: type))
                    }
                case "drop_columns":
                    for column in try field.array() {
                        changes.append(.dropColumn(name: try column.string()))
                    }
                case "rename_columns":
                    for (column, newName) in try field.members() {
                        changes.append(.renameColumn(name: column, to: try newName.string()))
                    }
                case "properties":
                    for (property, value) in try field.members() {
                        changes.append(
                            .setProperty(
                                name: property,
                                value: value.value.isNull ? nil : try value.string()))
                    }
                default:
                    throw WebProblem.unprocessable("there is no change \(name)")
                }
            }
            return changes
        }
    }

    func dropTable(_ call: WebCall) async throws -> WebResponse {
        let path = try table(call).path
        try await defining { try await self.client.dropTable(path) }
        return WebResponse(204, "application/json", [])
    }
}
