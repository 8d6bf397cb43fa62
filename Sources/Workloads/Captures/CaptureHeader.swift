import Columnar
import JSON

/// The first line of a capture, where it says which tables follow; see `ci/capture-postgres`.
///
///     {"action": "S", "tables": [{"schema": "public", "table": "orders", "primaryKey": ["id"],
///         "columns": [{"name": "id", "type": "bigint", "nullable": false}, ...]}, ...]}
///
/// Types are PostgreSQL's, as its catalog prints them.
struct CaptureHeader {
    let drafts: [TableDraft]
    /// The types as they are written, by table.
    private let typeNames: [TableIdentity: [String]]

    static func isHeader(_ line: JSONValue) -> Bool { line["action"]?.string == "S" }

    init(_ line: JSONValue, file: String) throws(CaptureError) {
        do throws(JSONError) {
            (drafts, typeNames) = try Self.describe(line)
        } catch {
            throw .noTables(file: file, reason: "its header is not one: \(error)")
        }
        if drafts.isEmpty { throw .noTables(file: file, reason: "its header describes none") }
    }

    func typeNames(of draft: TableDraft) -> [String] { typeNames[draft.identity] ?? [] }

    private static func describe(
        _ line: JSONValue
    ) throws(JSONError) -> ([TableDraft], [TableIdentity: [String]]) {
        var drafts: [TableDraft] = []
        var types: [TableIdentity: [String]] = [:]
        for table in try line.required("tables").array() {
            var draft = TableDraft(
                identity: TableIdentity(
                    schema: try table.optional("schema")?.string(),
                    table: try table.required("table").string()))
            draft.isFound = false
            var names: [String] = []
            for column in try table.required("columns").array() {
                let type = try column.required("type").string()
                names.append(type)
                draft.columns.append(
                    CapturedColumn(
                        name: try column.required("name").string(),
                        type: PostgresType.dataType(type),
                        isNullable: try column.required("nullable").bool()))
            }
            for column in try table.required("primaryKey").array() {
                draft.primaryKey.append(try column.string())
            }
            types[draft.identity] = names
            drafts.append(draft)
        }
        return (drafts, types)
    }
}
