import JSON
import Workloads

/// What a file of rows or changes is.
public enum FileFormat: String, Sendable, Hashable, CaseIterable {
    /// Records of RFC 4180; the first one names the columns.
    case csv
    /// Columns in row groups.
    case parquet
    /// Objects of JSON, one a line, over several lines, or in an array.
    case jsonLines
    /// Change events of Debezium.
    case debezium
    /// Changes of PostgreSQL as wal2json writes them.
    case wal2json
    /// Lines of a web server.
    case accessLog

    /// What a file seems to be; nil if nothing tells.
    static func guess(_ path: String) throws(IngestError) -> FileFormat? {
        var name = path.lowercased()
        for ending in [".gz", ".zst"] where name.hasSuffix(ending) {
            name.removeLast(ending.count)
        }
        let stream = try FileIngest.open(path)
        let head = try stream.next()
        if head.starts(with: Array("PAR1".utf8)) { return .parquet }
        if head.prefix(4096).contains(0) { return nil }
        for ending in [".csv", ".tsv"] where name.hasSuffix(ending) { return .csv }
        guard let first = head.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
            return nil
        }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return name.hasSuffix(".log") ? .accessLog : nil
        }
        let text = String(decoding: head.prefix(4096), as: UTF8.self)
        if text.contains("\"action\"") || text.contains("\"change\"") { return .wal2json }
        let marks = ["\"before\"", "\"after\"", "\"op\"", "\"__op\"", "\"__deleted\""]
        return marks.count(where: text.contains) > 1 || text.contains("\"__op\"")
            ? .debezium : .jsonLines
    }
}
