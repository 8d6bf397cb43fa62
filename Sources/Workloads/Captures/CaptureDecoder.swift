public import Columnar
import JSON

/// Records of a capture, one after the other, from wherever they come.
public protocol CaptureRecords {
    /// The next record that is not empty; nil at the end.
    mutating func next() -> ArraySlice<UInt8>?

    /// The line at which the last record begins, from 1.
    var number: Int { get }
}

extension CaptureLines: CaptureRecords {}

/// A change as a record says it; what an update leaves out is nil in its row.
public enum DecodedChange: Hashable, Sendable {
    /// A new row of a table without a primary key.
    case append(table: Int, Row)
    case insert(table: Int, Row)
    /// `oldKey` where the record says it.
    case update(table: Int, oldKey: [Value]?, [Value?])
    case delete(table: Int, key: [Value])
    /// The record, or a change in it, cannot be taken.
    case refused(RefusedLine)
}

/// Decodes a capture record by record and keeps no rows: the same as `CaptureWorkload` reads, for
/// captures of any size.
///
/// Where a transaction begins and ends is not told: its changes come one by one.
public struct CaptureDecoder {
    /// A record longer than this many bytes is refused.
    public static let recordByteLimit = CaptureLines.lengthLimit

    public let tables: [TableDefinition]
    private var reader: any CaptureReader
    private let file: String

    /// Finds out which tables there are, from all records where the format needs that.
    ///
    /// - Throws: `CaptureError` if nothing can be made of them.
    public init(
        surveying records: some CaptureRecords, _ options: CaptureWorkload.Options
    ) throws(CaptureError) {
        reader = try CaptureWorkload.reader(records, options)
        tables = reader.known.definitions
        file = options.file
    }

    /// What a record says; `line` is where it begins, from 1.
    public mutating func changes(
        in record: ArraySlice<UInt8>, line: Int
    ) -> [DecodedChange] {
        func refused(_ refusal: Refusal) -> DecodedChange {
            .refused(
                RefusedLine(
                    file: file, line: line, column: refusal.column, reason: refusal.reason,
                    text: record.excerpt))
        }
        guard record.count <= Self.recordByteLimit else {
            return [
                refused(
                    Refusal("\(record.count) bytes are over the limit of \(Self.recordByteLimit)"))
            ]
        }
        let event: CaptureEvent
        do throws(Refusal) { event = try reader.read(record, line: line) } catch {
            return [refused(error)]
        }
        guard case .changes(let changes, _, _) = event else { return [] }
        return changes.map { change in
            switch change.kind {
            case .append(let row): .append(table: change.table, row)
            case .insert(let row): .insert(table: change.table, row)
            case .update(let key, let row): .update(table: change.table, oldKey: key, row)
            case .delete(let key): .delete(table: change.table, key: key)
            case .refused(let refusal): refused(refusal)
            }
        }
    }
}

/// A column of PostgreSQL: its type here, and its values from the text that the server prints with
/// `DateStyle` ISO.
public struct PostgresColumn: Hashable, Sendable {
    public let type: DataType
    private let column: CapturedColumn

    /// A type as `format_type` prints it, such as `numeric(12,2)`.
    public init(name: String, typeName: String) {
        type = PostgresType.dataType(typeName)
        column = CapturedColumn(name: name, type: type, isNullable: true)
    }

    /// The value; nil if the type here does not hold it, as with infinite dates.
    public func value(_ text: String) -> Value? { column.decode(.string(text)) }
}
