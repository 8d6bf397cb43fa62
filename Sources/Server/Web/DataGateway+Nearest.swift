import Cluster
import Columnar
import Iceberg
import JSON
import Platform

/// Rows by how near their vectors are:
///
///     {"vector": [0.1, 0.7], "limit": 10, "columns": ["id", "name"], "column": "embedding",
///      "filter": {"column": "price", "op": "<", "value": 10}}
///
/// `column` is the indexed one that is meant, where a table has several; else the first.
///
/// The answer's `wavetank-fresh` says up to where the index of each bucket was, as `wavetank-next`
/// does: what changed later is at `/changes?from=` that.
extension DataGateway {
    private static let standardLimit = 10
    /// What the body takes is far less; a vector has at most as many elements as a column can.
    private static let bodyByteLimit = 1024 * 1024
    private static let depthLimit = 40

    /// How far a row is, beside the table's own columns.
    private static let distanceColumn = Field(
        identifier: 1_000_000_005, name: "__distance", type: .float, isNullable: false)

    func findNearestRows(_ call: WebCall) async throws -> WebResponse {
        let format = try RowFormat(ofAnswerTo: call.request)
        let table = try keyTable(call)
        let wanted = try nearness(call, of: table)
        let found = try await reading {
            try await client.nearestRows(
                table, to: wanted.vector, limit: wanted.limit, filter: wanted.filter,
                column: wanted.column)
        }
        let shown = Schema(
            fields: wanted.columns.map { table.schema.fields[$0] } + [Self.distanceColumn])
        let rows = found.rows.map { near -> Row in
            wanted.columns.map { near.row[$0] } + [.float(near.distance)]
        }
        var sink = RowSink(format, shown)
        if !rows.isEmpty { try sink.take(try RecordBatch(schema: shown, rows: rows)) }
        var response = sink.response()
        response.headers.append(
            WebRequest.Parameter("wavetank-fresh", ChangeCursor.text(found.freshUpTo)))
        return response
    }

    /// What a body asks for.
    private struct Nearness {
        var vector: [Float] = []
        var limit = DataGateway.standardLimit
        var columns: [Int]
        var filter = RowFilter()
        var column: String?
    }

    private func nearness(_ call: WebCall, of table: TableDescription) throws -> Nearness {
        if table.vectorColumns.isEmpty {
            throw WebProblem.unprocessable(
                "no vector column of \(table.path) is indexed: make the table with the property "
                    + "table.vector-index.column")
        }
        guard case .json = try RowFormat(ofBodyOf: call.request) else {
            throw WebProblem(415, "unsupportedMediaType", "send application/json")
        }
        if call.request.body.count > Self.bodyByteLimit {
            throw WebProblem(
                413, "tooLarge",
                "\(call.request.body.count) bytes of JSON; at most \(Self.bodyByteLimit) are taken")
        }
        let body = try JSONValue(
            parsing: call.request.body, depthLimit: Self.depthLimit, exactNumbers: true)
        guard let members = body.object else {
            throw WebProblem.badRequest("the body is no object")
        }
        if !members.contains(where: { $0.name == "vector" }) {
            throw WebProblem.unprocessable("the body has no vector to be near to")
        }
        var wanted = Nearness(columns: Array(table.schema.fields.indices))
        let name = members.first { $0.name == "column" }?.value.string
        guard let searched = table.vectorColumn(named: name) else {
            throw WebProblem.unprocessable(
                "column \(name ?? "") of \(table.path) is not indexed: name one of "
                    + "table.vector-index.column")
        }
        for member in members {
            let field = JSONField(value: member.value, path: member.name)
            do throws(JSONError) {
                switch member.name {
                case "vector":
                    guard
                        case .vector(let vector) = try RowText.value(
                            field, .vector(dimension: searched.dimension))
                    else { throw .wrongType(path: field.path, expected: "a vector") }
                    wanted.vector = vector
                case "column": wanted.column = try field.string()
                case "limit": wanted.limit = try field.integer(as: Int.self)
                case "columns": wanted.columns = try columns(field, of: table.schema)
                case "filter": wanted.filter = try RowFilter(field, table.schema)
                default:
                    throw .wrongType(
                        path: field.path,
                        expected: "one of vector, column, limit, columns, filter")
                }
            } catch {
                throw WebProblem.unprocessable("\(error)")
            }
        }
        return wanted
    }

    private func columns(_ field: JSONField, of schema: Schema) throws(JSONError) -> [Int] {
        var positions: [Int] = []
        for name in try field.array() {
            guard let position = schema.position(of: try name.string()),
                !positions.contains(position)
            else { throw .wrongType(path: name.path, expected: "a column, named once") }
            positions.append(position)
        }
        return positions
    }
}
