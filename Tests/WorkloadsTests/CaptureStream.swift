import Columnar
import Foundation

@testable import Workloads

/// A capture read to its end.
struct CaptureStream: Sendable {
    let tables: [TableDefinition]
    let steps: [WorkloadStep]
    let refusedLines: RefusedLines
    let lineCount: Int

    init(_ workload: CaptureWorkload) {
        var steps: [WorkloadStep] = []
        while let step = workload.next(now: 0) { steps.append(step) }
        self.steps = steps
        tables = workload.tables
        refusedLines = workload.refusedLines
        lineCount = workload.lineCount
    }

    /// Lines as they might stand in a file.
    init(
        _ lines: [String], _ format: CaptureWorkload.Format,
        pace: CaptureWorkload.Pace = .interval(.milliseconds(5))
    ) throws {
        try self.init(Array(lines.joined(separator: "\n").utf8), format, pace: pace)
    }

    init(
        _ bytes: [UInt8], _ format: CaptureWorkload.Format,
        pace: CaptureWorkload.Pace = .interval(.milliseconds(5))
    ) throws {
        self.init(
            try CaptureWorkload(bytes, .init(file: "lines", format: format, pace: pace)))
    }

    /// A capture of the repository.
    init(
        file: String, _ format: CaptureWorkload.Format,
        pace: CaptureWorkload.Pace = .speed(perThousand: 1000)
    ) throws {
        self.init(
            try CaptureWorkload(
                Self.bytes(file), .init(file: file, format: format, pace: pace)))
    }

    static func bytes(_ file: String) throws -> [UInt8] {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return [UInt8](try Data(contentsOf: root.appending(path: file)))
    }

    var changes: [Change] { steps.flatMap(\.changes) }

    var refusals: [String] { refusedLines.first.map(\.description) }

    /// How often each table is changed and how: `orders`: appends, upserts, deletes.
    var counts: [String: [Int]] {
        var counts: [String: [Int]] = [:]
        for change in changes {
            let place =
                switch change.kind {
                case .append: 0
                case .upsert, .update, .insertIfAbsent: 1
                case .delete, .deletePart: 2
                }
            counts[tables[change.table].name, default: [0, 0, 0]][place] += 1
        }
        return counts
    }

    /// The rows that stand at the end, by table.
    var rows: [String: [[Value]: Row]] {
        var rows: [String: [[Value]: Row]] = [:]
        for change in changes {
            let table = tables[change.table]
            switch change.kind {
            case .append, .update, .insertIfAbsent: break
            case .upsert(let row):
                rows[table.name, default: [:]][table.schema.key(of: row)] = row
            case .delete(let key), .deletePart(let key, _):
                rows[table.name, default: [:]][key] = nil
            }
        }
        return rows
    }

    func value(_ row: Row?, _ table: String, _ column: String) -> Value? {
        guard let row, let found = tables.first(where: { $0.name == table }),
            let position = found.schema.position(of: column)
        else { return nil }
        return row[position]
    }
}
