import Columnar
import JSON

/// Reads the columns of a row from the schema that goes with a change event.
enum DebeziumSchema {
    /// The columns, or nil if the schema does not describe a row.
    static func columns(_ schema: JSONValue, _ form: ChangeEvent.Form) -> [CapturedColumn]? {
        var fields = schema["fields"]?.array
        if form == .event {
            fields = fields?.first { $0["field"]?.string == "after" }?["fields"]?.array
        }
        guard let fields, !fields.isEmpty else { return nil }
        var columns: [CapturedColumn] = []
        for field in fields.prefix(CapturedTable.columnLimit + 1) {
            guard let name = field["field"]?.string else { return nil }
            if form == .flattened, ChangeEvent.isMetadata(name) { continue }
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
        case "io.debezium.data.Uuid": return (.uuid, .text)
        default: break
        }
        switch field["type"]?.string {
        case "int8", "int16", "int32": return (.int, .text)
        case "int64": return (.bigint, .text)
        case "float", "float32": return (.float, .text)
        case "double", "float64": return (.double, .text)
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
        guard let precision, (1...DecimalText.precisionLimit).contains(precision),
            (0...precision).contains(scale)
        else { return (.string, encoding) }
        return (.decimal(precision: precision, scale: scale), encoding)
    }
}
