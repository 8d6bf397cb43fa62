import Columnar
import JSON

/// The first line of a capture, where it says which tables follow; see `ci/capture-postgres`.
///
///     {"action": "S", "tables": [{"schema": "public", "table": "orders", "primaryKey": ["id"],
///         "columns": [{"name": "id", "type": "bigint", "nullable": false}, ...]}, ...]}
///
/// Types are PostgreSQL's, as its catalog prints them.
struct CaptureHeader {
    private struct Described {
        var name: String
        var columns: [CapturedColumn]
        var primaryKey: [String]
    }

    let tables: [CapturedTable]

    static func isHeader(_ line: JSONValue) -> Bool { line["action"]?.string == "S" }

    init(_ line: JSONValue, file: String) throws(CaptureError) {
        let described: [Described]
        do throws(JSONError) {
            described = try Self.describe(line)
        } catch {
            throw .noTables(file: file, reason: "its header is not one: \(error)")
        }
        var tables: [CapturedTable] = []
        for table in described {
            tables.append(
                try CapturedTable(
                    name: table.name, columns: table.columns, primaryKey: table.primaryKey,
                    file: file))
        }
        self.tables = tables
    }

    private static func describe(_ line: JSONValue) throws(JSONError) -> [Described] {
        var described: [Described] = []
        for table in try line.required("tables").array() {
            var columns: [CapturedColumn] = []
            for column in try table.required("columns").array() {
                columns.append(
                    CapturedColumn(
                        name: try column.required("name").string(),
                        type: PostgresType.dataType(try column.required("type").string()),
                        isNullable: try column.required("nullable").bool()))
            }
            var key: [String] = []
            for column in try table.required("primaryKey").array() {
                key.append(try column.string())
            }
            let name = CapturedTable.name(
                schema: try table.optional("schema")?.string(),
                table: try table.required("table").string())
            described.append(Described(name: name, columns: columns, primaryKey: key))
        }
        return described
    }
}
