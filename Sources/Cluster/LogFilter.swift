import Changelog
public import Columnar

/// Which rows of a log a reader wants: those for which all terms hold.
///
/// A server leaves out the batches whose statistics prove that they have no such row; the rows of
/// the others come as they are, wanted or not. Statistics are written where
/// `table.statistics.columns` names the columns.
public struct LogFilter: Hashable, Sendable {
    public enum Comparison: UInt8, Sendable, CaseIterable {
        case equal, less, lessOrEqual, greater, greaterOrEqual, isNull, isNotNull
    }

    struct Term: Hashable, Sendable {
        /// The identifier of a column.
        var field: Int32
        var comparison: Comparison
        /// In `KeyCodec`'s bytes; empty where the comparison needs none.
        var value: [UInt8]
    }

    var terms: [Term] = []

    public init() {}

    /// Adds a term about a column of a table; null where the comparison needs no value.
    ///
    /// Throws `.invalidRequest` if there is no such column, or the value is not of its type.
    public mutating func add(
        _ column: String, _ comparison: Comparison, _ value: Value = .null,
        of table: TableDescription
    ) throws(ClusterError) {
        guard let position = table.schema.position(of: column) else {
            throw .invalidRequest(reason: "\(table.path) has no column \(column)")
        }
        let field = table.schema.fields[position]
        var bytes: [UInt8] = []
        if comparison != .isNull && comparison != .isNotNull {
            do { bytes = try KeyCodec(types: [field.type]).encode([value]) } catch {
                throw .invalidRequest(reason: "column \(column) of \(table.path): \(error)")
            }
        }
        terms.append(Term(field: field.identifier, comparison: comparison, value: bytes))
    }

    /// Whether a batch with these statistics can have a wanted row; `isComparable` says whether the
    /// values of its column are of the type that a term was made for.
    func mayHold(
        _ statistics: BatchStatistics, recordCount: Int, _ isComparable: (Term) -> Bool
    ) -> Bool {
        terms.allSatisfy { term in
            guard let column = statistics.columns.first(where: { $0.field == term.field }),
                isComparable(term)
            else { return true }
            return Self.mayHold(term, column, recordCount)
        }
    }

    private static func mayHold(
        _ term: Term, _ column: BatchStatistics.Column, _ recordCount: Int
    ) -> Bool {
        if term.comparison == .isNull { return column.nullCount > 0 }
        if column.nullCount == recordCount { return false }
        guard let least = column.least, let greatest = column.greatest else { return true }
        func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            left.lexicographicallyPrecedes(right)
        }
        switch term.comparison {
        case .equal: return !isBefore(term.value, least) && !isBefore(greatest, term.value)
        case .less: return isBefore(least, term.value)
        case .lessOrEqual: return !isBefore(term.value, least)
        case .greater: return isBefore(term.value, greatest)
        case .greaterOrEqual: return !isBefore(greatest, term.value)
        case .isNull, .isNotNull: return true
        }
    }
}

extension LogFilter: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(list: terms) {
            $0.append(littleEndian: $1.field)
            $0.append(byte: $1.comparison.rawValue)
            $0.append(lengthPrefixed: $1.value)
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        terms = try reader.readList { (reader) throws(ColumnarError) in
            let field: Int32 = try reader.readLittleEndian()
            let code = try reader.readByte()
            guard let comparison = Comparison(rawValue: code) else {
                throw .corrupt(reason: "no comparison \(code)", position: reader.position)
            }
            return Term(
                field: field, comparison: comparison, value: try reader.readLengthPrefixed())
        }
    }
}
