import Cluster
import Columnar
import JSON
import Platform

/// The rows in the body of a request, read for a table.
struct RowBody {
    /// A row, and which of the table's columns were given; the others are null.
    struct Given: Hashable {
        var row: Row
        var columns: [Int]
    }

    private(set) var rows: [Given] = []

    /// JSON takes many times its bytes in memory.
    static let textByteLimit = 16 * 1024 * 1024
    /// How deep values may be nested, types' own limit and the rows' array included.
    private static let depthLimit = 40
    /// What decompression may make of a batch of Arrow.
    private static let batchByteLimit = 128 * 1024 * 1024

    /// Throws `WebProblem` unless each row has columns of the table, of their types.
    init(_ request: WebRequest, for table: TableDescription) throws {
        let format = try RowFormat(ofBodyOf: request)
        if format != .arrow && request.body.count > Self.textByteLimit {
            throw WebProblem(
                413, "tooLarge",
                "\(request.body.count) bytes of JSON; at most \(Self.textByteLimit) are taken at "
                    + "once, or 64 MiB of Arrow")
        }
        switch format {
        case .json: try read(json: request.body, table.schema)
        case .ndjson: try read(lines: request.body, table.schema)
        case .arrow: try read(arrow: request.body, table.schema)
        }
    }

    // MARK: JSON

    private mutating func read(json bytes: [UInt8], _ schema: Schema) throws {
        let value = try JSONValue(parsing: bytes, depthLimit: Self.depthLimit, exactNumbers: true)
        guard let elements = value.array else {
            return try take(value, "the row", schema)
        }
        for (number, element) in elements.enumerated() {
            try take(element, "row \(number)", schema)
        }
    }

    private mutating func read(lines bytes: [UInt8], _ schema: Schema) throws {
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            // What some put before the end of a line is white space to JSON.
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            let value: JSONValue
            do {
                value = try JSONValue(
                    parsing: Array(line), depthLimit: Self.depthLimit, exactNumbers: true)
            } catch {
                throw WebProblem.badRequest("row \(number) of the body: \(error)")
            }
            try take(value, "row \(number)", schema)
        }
    }

    private mutating func take(_ value: JSONValue, _ place: String, _ schema: Schema) throws {
        guard let members = value.object else {
            throw WebProblem.badRequest("\(place) of the body is no object")
        }
        var given = Given(row: Row(repeating: .null, count: schema.fields.count), columns: [])
        for member in members {
            guard let position = schema.position(of: member.name) else {
                throw WebProblem.unprocessable("\(place): there is no column \(member.name)")
            }
            if given.columns.contains(position) {
                throw WebProblem.unprocessable("\(place) has \(member.name) twice")
            }
            given.columns.append(position)
            do {
                given.row[position] = try RowText.value(
                    JSONField(value: member.value, path: member.name),
                    schema.fields[position].type)
            } catch {
                throw WebProblem.unprocessable("\(place): \(error)")
            }
        }
        given.columns.sort()
        rows.append(given)
    }

    // MARK: Arrow

    private mutating func read(arrow bytes: [UInt8], _ schema: Schema) throws {
        var reader = try Self.open(bytes)
        var positions: [Int] = []
        var fields: [Field] = []
        for field in reader.schema.fields {
            guard let position = schema.position(of: field.name) else {
                throw WebProblem.unprocessable("there is no column \(field.name)")
            }
            positions.append(position)
            var named = field
            named.identifier = schema.fields[position].identifier
            named.type = field.type.naming(as: schema.fields[position].type)
            fields.append(named)
        }
        let columns = positions.sorted()
        // Those that are missing are null here; whether they may be is looked at row by row.
        let target = Schema(
            fields: columns.map { position in
                var field = schema.fields[position]
                field.isNullable = true
                return field
            })
        let source = try Schema(validating: fields)
        let evolution = try SchemaEvolution(fromStored: source, to: target)
        while let batch = try Self.next(of: &reader) {
            let own = RecordBatch(
                schema: source, rowCount: batch.rowCount,
                columns: zip(batch.columns, fields).map { $0.retyped($1.type) })
            let read = try evolution.batch(own)
            for position in 0..<read.rowCount {
                var row = Row(repeating: .null, count: schema.fields.count)
                for (column, value) in zip(columns, read.row(at: position)) { row[column] = value }
                rows.append(Given(row: row, columns: columns))
            }
        }
    }

    private static func open(_ bytes: [UInt8]) throws(WebProblem) -> ArrowStreamReader {
        do throws(ColumnarError) {
            return try ArrowStreamReader(bytes, byteLimit: batchByteLimit)
        } catch { throw refusal(error) }
    }

    private static func next(
        of reader: inout ArrowStreamReader
    ) throws(WebProblem) -> RecordBatch? {
        do throws(ColumnarError) { return try reader.next() } catch { throw refusal(error) }
    }

    /// Bytes that are no stream are another matter than one whose rows are not of the table.
    private static func refusal(_ error: ColumnarError) -> WebProblem {
        if case .corrupt = error { return .badRequest("the body: \(error)") }
        return WebProblem.of(error) ?? .unprocessable("\(error)")
    }

    // MARK: What is made of them

    /// Throws `WebProblem` unless each row has a value in each column that must have one.
    func requireWhole(_ schema: Schema) throws(WebProblem) {
        for (number, given) in rows.enumerated() {
            do { try schema.validate(given.row) } catch {
                throw .unprocessable("row \(number): \(error)")
            }
        }
    }

    /// Throws `WebProblem` unless each value that is given may stand in its column.
    func requireFit(_ schema: Schema) throws(WebProblem) {
        for (number, given) in rows.enumerated() {
            for position in given.columns {
                let (field, value) = (schema.fields[position], given.row[position])
                if value.isNull ? field.isNullable : value.matches(field.type) { continue }
                throw .unprocessable("row \(number): column \(field.name) wants \(field.type)")
            }
        }
    }

    /// The values of the first columns of the primary key, all of them unless `isPrefix`.
    ///
    /// Other columns are not looked at.
    func keys(of schema: Schema, isPrefix: Bool = false) throws(WebProblem) -> [[Value]] {
        var keys: [[Value]] = []
        for (number, given) in rows.enumerated() {
            let key = schema.primaryKey.prefix { given.columns.contains($0) }
            if key.isEmpty || (key.count < schema.primaryKey.count && !isPrefix) {
                let missing = schema.primaryKey[key.count]
                throw .unprocessable(
                    "row \(number) lacks column \(schema.fields[missing].name) of the primary key")
            }
            for position in key {
                let field = schema.fields[position]
                if given.row[position].isNull || !given.row[position].matches(field.type) {
                    throw .unprocessable("row \(number): column \(field.name) is no key")
                }
            }
            keys.append(key.map { given.row[$0] })
        }
        return keys
    }
}

extension DataType {
    /// The type with the identifiers that a table's has for fields of the same names: a stream of
    /// strangers has none.
    fileprivate func naming(as table: DataType) -> DataType {
        switch (self, table) {
        case (.row(let row), .row(let known)):
            return .row(
                RowType(
                    row.fields.map { field in
                        guard let same = known.fields.first(where: { $0.name == field.name })
                        else { return field }
                        var named = field
                        named.identifier = same.identifier
                        named.type = field.type.naming(as: same.type)
                        return named
                    }))
        case (.array(var array), .array(let known)):
            array.elementIdentifier = known.elementIdentifier
            array.element = array.element.naming(as: known.element)
            return .array(array)
        case (.map(var map), .map(let known)):
            map.keyIdentifier = known.keyIdentifier
            map.valueIdentifier = known.valueIdentifier
            map.value = map.value.naming(as: known.value)
            return .map(map)
        case (.vector(let dimension, _), .vector(_, let element)):
            return .vector(dimension: dimension, elementIdentifier: element)
        default: return self
        }
    }
}
