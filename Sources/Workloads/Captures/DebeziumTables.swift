import Columnar
import JSON

/// Finds out which tables change events are about, from their schemas or else from their values.
struct DebeziumTables {
    private struct Found {
        var name: String
        var columns: [CapturedColumn] = []
        var primaryKey: [String] = []
        var hasSchema = false
        /// Columns of which only null has been seen.
        var unknown: Set<String> = []
    }

    private var found: [Found] = []
    private var positions: [String: Int] = [:]

    mutating func note(_ event: DebeziumReader.Event) {
        guard let name = event.tableName, found.count <= CapturedTable.tableLimit else { return }
        let position = positions[name] ?? found.count
        if position == found.count {
            positions[name] = position
            found.append(Found(name: name))
        }
        var table = found[position]
        if table.primaryKey.isEmpty, let key = event.key?.object {
            table.primaryKey = key.map(\.name)
        }
        if !table.hasSchema {
            if let columns = event.schema.flatMap(Self.columns) {
                table.columns = columns
                table.hasSchema = true
            } else {
                for row in [event.value["before"], event.value["after"]] {
                    for member in row?.object ?? [] { Self.note(member, &table) }
                }
            }
        }
        found[position] = table
    }

    func tables(_ file: String) throws(CaptureError) -> [CapturedTable] {
        var tables: [CapturedTable] = []
        for table in found where !table.columns.isEmpty {
            tables.append(
                try CapturedTable(
                    name: table.name, columns: table.columns, primaryKey: table.primaryKey,
                    file: file))
        }
        return tables
    }

    // MARK: By the values

    private static func note(_ member: JSONMember, _ table: inout Found) {
        let type: DataType? =
            switch member.value {
            case .null: nil
            case .bool: .boolean
            case .integer: .bigint
            case .number: .double
            case .string, .array, .object: .string
            }
        guard let position = table.columns.firstIndex(where: { $0.name == member.name }) else {
            if table.columns.count > CapturedTable.columnLimit { return }
            table.columns.append(
                CapturedColumn(name: member.name, type: type ?? .string, isNullable: true))
            if type == nil { table.unknown.insert(member.name) }
            return
        }
        guard let type else { return }
        if table.unknown.remove(member.name) != nil {
            table.columns[position].type = type
            return
        }
        let known = table.columns[position].type
        if known == type { return }
        let areNumbers = [.bigint, .double].contains(known) && [.bigint, .double].contains(type)
        table.columns[position].type = areNumbers ? .double : .string
    }

    // MARK: By the schema

    private static func columns(_ envelope: JSONValue) -> [CapturedColumn]? {
        let row = envelope["fields"]?.array?.first { $0["field"]?.string == "after" }
        guard let fields = row?["fields"]?.array, !fields.isEmpty else { return nil }
        var columns: [CapturedColumn] = []
        for field in fields.prefix(CapturedTable.columnLimit + 1) {
            guard let name = field["field"]?.string else { return nil }
            let (type, encoding) = type(of: field)
            columns.append(
                CapturedColumn(
                    name: name, type: type, isNullable: field["optional"]?.bool ?? true,
                    encoding: encoding))
        }
        return columns
    }

    /// By the name of Debezium's or Kafka Connect's own type first, then by how it is stored.
    private static func type(of field: JSONValue) -> (DataType, CapturedColumn.Encoding) {
        switch field["name"]?.string {
        case "org.apache.kafka.connect.data.Decimal": return decimal(field["parameters"])
        case "io.debezium.data.VariableScaleDecimal": return (.string, .variableDecimal)
        case "io.debezium.time.Date", "org.apache.kafka.connect.data.Date": return (.date, .days)
        case "io.debezium.time.Timestamp", "org.apache.kafka.connect.data.Timestamp":
            return (.timestamp(precision: 6), .milliseconds)
        case "io.debezium.time.MicroTimestamp": return (.timestamp(precision: 6), .microseconds)
        case "io.debezium.time.NanoTimestamp": return (.timestamp(precision: 6), .nanoseconds)
        case "io.debezium.time.ZonedTimestamp": return (.timestampLTZ(precision: 6), .text)
        default: break
        }
        switch field["type"]?.string {
        case "int8", "int16", "int32": return (.int, .text)
        case "int64": return (.bigint, .text)
        case "float": return (.float, .text)
        case "double": return (.double, .text)
        case "boolean": return (.boolean, .text)
        case "bytes": return (.bytes, .base64)
        default: return (.string, .text)
        }
    }

    private static func decimal(_ parameters: JSONValue?) -> (DataType, CapturedColumn.Encoding) {
        let precision = parameters?["connect.decimal.precision"]?.string.flatMap { Int($0) }
        let scale = parameters?["scale"]?.string.flatMap { Int($0) } ?? 0
        let encoding = CapturedColumn.Encoding.base64Decimal(
            scale: min(max(scale, -1000), 1000))
        guard let precision, (1...18).contains(precision), (0...precision).contains(scale) else {
            return (.string, encoding)
        }
        return (.decimal(precision: precision, scale: scale), encoding)
    }
}
