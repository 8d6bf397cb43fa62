import Columnar
import JSON
import Workloads

/// What a record says of a row.
enum DecodedRow: Hashable {
    case change(table: Int, RowChange)
    /// It cannot be taken.
    case refused(RefusedLine)
}

/// Makes changes of the records of one format; it has looked at all of them before.
protocol RecordDecoder {
    /// The tables, by the numbers that changes name.
    var shapes: [TableShape] { get }

    mutating func rows(in record: ArraySlice<UInt8>, line: Int) -> [DecodedRow]

    /// The shape of the first table from here on, if a record has columns that none had before, as
    /// in a file that grows.
    mutating func shape(after record: ArraySlice<UInt8>) -> TableShape?
}

extension RecordDecoder {
    mutating func shape(after record: ArraySlice<UInt8>) -> TableShape? { nil }

    func refused(
        _ file: String, _ line: Int, _ column: Int?, _ reason: String, _ record: ArraySlice<UInt8>
    ) -> [DecodedRow] {
        [
            .refused(
                RefusedLine(
                    file: file, line: line, column: column, reason: reason,
                    text: String(decoding: record.prefix(160), as: UTF8.self)))
        ]
    }
}

/// Rows of CSV, whose first record names the columns.
struct CSVDecoder: RecordDecoder {
    let shapes: [TableShape]
    private let file: String
    private let delimiter: UInt8
    /// The line of the header.
    private let headerLine: Int

    /// - Parameter known: The table, if it is there: its types hold.
    init(
        surveying records: FileRecords, _ options: FileIngest.Options, _ known: TargetTable?
    ) throws(IngestError) {
        file = options.path
        guard let header = records.next() else {
            throw records.failure ?? .source(place: file, reason: "it has no header")
        }
        headerLine = records.number
        delimiter = options.delimiter ?? CSVRecord.delimiter(of: header)
        let names = try Self.names(header, delimiter, "\(file):\(headerLine)")
        var columns = names.map { InferredTexts($0) }
        while let record = records.next() {
            // What is wrong with a record is said when its turn comes.
            guard let cells = try? CSVRecord(record, delimiter: delimiter).cells,
                cells.count == columns.count
            else { continue }
            for position in columns.indices where !cells[position].isMissing {
                columns[position].note(cells[position].text)
            }
        }
        if let failure = records.failure { throw failure }
        let types = zip(names, columns).map { known?.field($0)?.type ?? $1.type }
        shapes = [try options.shape(names, types)]
    }

    private static func names(
        _ header: ArraySlice<UInt8>, _ delimiter: UInt8, _ place: String
    ) throws(IngestError) -> [String] {
        let cells: [CSVRecord.Cell]
        do throws(CSVRecord.Flaw) {
            cells = try CSVRecord(header, delimiter: delimiter).cells
        } catch {
            throw .source(place: "\(place):\(error.column)", reason: error.reason)
        }
        for cell in cells {
            if cell.text.isEmpty {
                throw .source(place: "\(place):\(cell.column)", reason: "a column without a name")
            }
            if cells.count(where: { $0.text == cell.text }) > 1 {
                throw .source(
                    place: "\(place):\(cell.column)", reason: "two columns are named '\(cell.text)'"
                )
            }
        }
        return cells.map(\.text)
    }

    mutating func rows(in record: ArraySlice<UInt8>, line: Int) -> [DecodedRow] {
        if line == headerLine { return [] }
        let fields = shapes[0].fields
        let cells: [CSVRecord.Cell]
        do throws(CSVRecord.Flaw) {
            cells = try CSVRecord(record, delimiter: delimiter).cells
        } catch {
            return refused(file, line, error.column, error.reason, record)
        }
        guard cells.count == fields.count else {
            return refused(
                file, line, nil,
                "\(cells.count) fields, and the header names \(fields.count) columns", record)
        }
        var row: Row = []
        for (cell, field) in zip(cells, fields) {
            if cell.isMissing && !field.isNullable {
                return refused(
                    file, line, cell.column, "no value of column '\(field.name)'", record)
            }
            guard let value = cell.isMissing ? .null : TextValue.value(cell.text, field.type)
            else {
                return refused(
                    file, line, cell.column,
                    "column '\(field.name)' holds '\(cell.text.prefix(40))', which is no "
                        + "\(field.type)", record)
            }
            row.append(value)
        }
        return [.change(table: 0, .row(row))]
    }
}

/// Rows that are objects of JSON.
struct ObjectDecoder: RecordDecoder {
    static let depthLimit = 40

    private(set) var shapes: [TableShape]
    private let file: String
    private var positions: [String: Int]

    init(
        surveying records: FileRecords, _ options: FileIngest.Options, _ known: TargetTable?
    ) throws(IngestError) {
        file = options.path
        var columns: [InferredColumn] = []
        var positions: [String: Int] = [:]
        while let record = records.next() {
            guard let members = try? Self.members(record) else { continue }
            for member in members {
                let position = positions[member.name] ?? columns.count
                if position == columns.count {
                    positions[member.name] = position
                    columns.append(InferredColumn(member.name))
                }
                columns[position].note(member.value)
            }
        }
        if let failure = records.failure { throw failure }
        // Records that are yet to come may have any column of the table.
        for field in known?.fields ?? [] where positions[field.name] == nil {
            positions[field.name] = columns.count
            columns.append(InferredColumn(field.name))
        }
        if columns.isEmpty { throw .source(place: file, reason: "no record is a JSON object") }
        self.positions = positions
        let names = columns.map(\.name)
        shapes = [try options.shape(names, columns.map { known?.field($0.name)?.type ?? $0.type })]
    }

    private static func members(_ record: ArraySlice<UInt8>) throws(JSONError) -> [JSONMember] {
        let value = try JSONValue(
            parsing: Array(record), depthLimit: depthLimit, exactNumbers: true)
        guard let members = value.object else {
            throw .wrongType(path: "the record", expected: "an object")
        }
        return members
    }

    mutating func shape(after record: ArraySlice<UInt8>) -> TableShape? {
        guard let members = try? Self.members(record) else { return nil }
        var shape = shapes[0]
        for member in members where positions[member.name] == nil && !member.value.isNull {
            var column = InferredColumn(member.name)
            column.note(member.value)
            positions[member.name] = shape.fields.count
            shape.fields.append(
                Field(
                    identifier: Int32(shape.fields.count + 1), name: member.name,
                    type: column.type))
        }
        if shape.fields.count == shapes[0].fields.count { return nil }
        shapes[0] = shape
        return shape
    }

    mutating func rows(in record: ArraySlice<UInt8>, line: Int) -> [DecodedRow] {
        if record.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return [] }
        let members: [JSONMember]
        do throws(JSONError) { members = try Self.members(record) } catch {
            if case .malformed(let below, let column, let reason) = error {
                return refused(file, line + below - 1, column, reason, record)
            }
            return refused(file, line, nil, "\(error)", record)
        }
        let fields = shapes[0].fields
        var row = Row(repeating: .null, count: fields.count)
        for member in members {
            guard let position = positions[member.name] else {
                if member.value.isNull { continue }
                return refused(
                    file, line, nil,
                    "column '\(member.name)' was in no record before; start the command again",
                    record)
            }
            guard let value = TextValue.value(member.value, fields[position].type) else {
                return refused(
                    file, line, nil,
                    "column '\(member.name)' holds '\(member.value.compact.prefix(40))', which is "
                        + "no \(fields[position].type)", record)
            }
            row[position] = value
        }
        for position in row.indices where row[position].isNull && !fields[position].isNullable {
            return refused(
                file, line, nil, "no value of column '\(fields[position].name)'", record)
        }
        return [.change(table: 0, .row(row))]
    }
}

/// Changes and log lines that `CaptureDecoder` reads.
struct CapturedDecoder: RecordDecoder {
    let shapes: [TableShape]
    private var decoder: CaptureDecoder
    private let file: String

    init(
        surveying records: FileRecords, _ format: CaptureWorkload.Format,
        _ options: FileIngest.Options
    ) throws(IngestError) {
        file = options.path
        var wanted = CaptureWorkload.Options(
            file: options.path, format: format, pace: .interval(.zero))
        wanted.logFormat = options.logFormat
        wanted.tables = options.only
        do throws(CaptureError) {
            decoder = try CaptureDecoder(surveying: records, wanted)
        } catch {
            var reason = "\(error)"
            if reason.hasPrefix(options.path + " ") {
                reason.removeFirst(options.path.count + 1)
            }
            throw records.failure ?? .source(place: options.path, reason: reason)
        }
        if let failure = records.failure { throw failure }
        if decoder.tables.count > 1, let table = options.table {
            let names = decoder.tables.map(\.name)
            throw .source(
                place: options.path,
                reason: "it has \(names.count) tables (\(names.prefix(10).joined(separator: ", ")))"
                    + ", and not one for \(options.database).\(table): name a database alone, or "
                    + "one of them with --only")
        }
        shapes = decoder.tables.map { table in
            TableShape(
                database: options.database, table: options.table ?? table.name,
                fields: table.schema.fields.map(Self.plain),
                primaryKey: table.schema.primaryKey.map { table.schema.fields[$0].name })
        }
    }

    /// Clients of any kind have text for identifiers.
    private static func plain(_ field: Field) -> Field {
        var field = field
        if field.type == .uuid { field.type = .string }
        return field
    }

    private static func plain(_ value: Value) -> Value {
        if case .uuid(let identifier) = value { return .string(identifier.description) }
        return value
    }

    mutating func rows(in record: ArraySlice<UInt8>, line: Int) -> [DecodedRow] {
        var rows: [DecodedRow] = []
        for change in decoder.changes(in: record, line: line) {
            switch change {
            case .append(let table, let row), .insert(let table, let row):
                rows.append(.change(table: table, .row(row.map(Self.plain))))
            case .delete(let table, let key):
                rows.append(.change(table: table, .deletion(key.map(Self.plain))))
            case .refused(let line): rows.append(.refused(line))
            case .update(let table, let oldKey, let values):
                let key = shapes[table].keyPositions
                guard
                    let changes = RowUpdate.changes(
                        key: key, oldKey: oldKey?.map(Self.plain),
                        values.map { $0.map(Self.plain) })
                else {
                    rows += refused(
                        file, line, nil,
                        "an update of \(shapes[table].name) that leaves out values of a row whose "
                            + "key changes: capture the table with replica identity full", record)
                    continue
                }
                rows += changes.map { .change(table: table, $0) }
            }
        }
        return rows
    }
}

/// The changes that an update comes to.
enum RowUpdate {
    /// `key` are the key's positions; nil stands for values that did not change.
    ///
    /// - Returns: Nil if the key changes and there are values that nobody says.
    static func changes(
        key: [Int], oldKey: [Value]?, _ values: [Value?]
    ) -> [RowChange]? {
        var values = values
        for (place, position) in key.enumerated() where values[position] == nil {
            guard let old = oldKey?[place] else { return nil }
            values[position] = old
        }
        let newKey = key.map { values[$0] ?? .null }
        let isMoved = oldKey != nil && oldKey != newKey
        if values.contains(nil) { return isMoved ? nil : [.part(values)] }
        let row = RowChange.row(values.map { $0 ?? .null })
        return isMoved ? [.deletion(oldKey ?? []), row] : [row]
    }
}
