import Columnar
import JSON

/// Finds out how events without a schema write the columns that a header describes.
///
/// Debezium writes decimals as base64 or as text, and bytes as base64 or in hexadecimal, as it is
/// set; the values show which. Where they could be either they are base64, as it is by default.
struct DebeziumHeaderWriting {
    private var decimalsAreText = false
    private var decimalsAreBase64 = false
    private var bytesAreBase64 = false
    private var bytesAreHexadecimal = false

    mutating func note(_ event: ChangeEvent, _ header: CaptureHeader) {
        guard let identity = event.identity?.withinDatabase,
            let columns = header.drafts.first(where: { $0.identity == identity })?.columns
        else { return }
        for (name, value) in (event.before ?? []) + (event.after ?? []) {
            guard let text = value.string, !UnsentValue.isPart(of: value),
                let column = columns.first(where: { $0.name == name })
            else { continue }
            let isBase64 = EncodedBytes.base64(text) != nil
            switch column.type {
            case .decimal:
                if !isBase64 { decimalsAreText = true }
                if !text.utf8.allSatisfy(Self.decimalBytes.contains) { decimalsAreBase64 = true }
            case .bytes:
                if !isBase64 { bytesAreHexadecimal = true }
                if EncodedBytes.hexadecimal(text) == nil { bytesAreBase64 = true }
            default: break
            }
        }
    }

    private static let decimalBytes = Array("0123456789.-+eE".utf8)

    /// The header's tables with their columns as the events write them.
    func drafts(_ header: CaptureHeader) -> [TableDraft] {
        header.drafts.map { draft in
            var draft = draft
            for (position, name) in header.typeNames(of: draft).enumerated() {
                draft.columns[position].encoding = encoding(of: draft.columns[position], name)
            }
            return draft
        }
    }

    private func encoding(
        of column: CapturedColumn, _ typeName: String
    ) -> CapturedColumn.Encoding {
        switch column.type {
        case .date: .days
        // Up to three digits of a second are milliseconds.
        case .timestamp:
            PostgresType.secondDigits(typeName) <= 3 ? .milliseconds : .microseconds
        case .decimal(_, let scale):
            decimalsAreText && !decimalsAreBase64 ? .text : .base64Decimal(scale: scale)
        case .bytes: bytesAreHexadecimal && !bytesAreBase64 ? .text : .base64
        case .string where PostgresType.isDecimal(typeName): .variableDecimal
        default: .text
        }
    }
}
