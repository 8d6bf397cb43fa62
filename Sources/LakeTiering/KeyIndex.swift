import Columnar
import Iceberg

/// Where in a lake table the row of each key stands.
///
/// It is built from the key columns and the deletes of one snapshot, and kept in step with this
/// tierer's own commits. It says nothing of any other snapshot.
struct KeyIndex {
    private struct Place: Hashable {
        var file: Int32
        var position: Int64
    }

    /// Where a key's row is after a commit; without a path it has none.
    struct Move: Hashable {
        var key: [UInt8]
        var path: String?
        var position: Int64
    }

    /// The snapshot that it describes; nil for a table without one.
    private(set) var snapshot: Int64?
    private var places: [[UInt8]: Place] = [:]
    private var paths: [String] = []
    private var files: [String: Int32] = [:]

    var keyCount: Int { places.count }

    func contains(_ key: [UInt8]) -> Bool { places[key] != nil }

    /// Where the row of a key is, if there is one.
    func row(of key: [UInt8]) -> PositionDelete? {
        places[key].map { PositionDelete(path: paths[Int($0.file)], position: $0.position) }
    }

    /// Reads the current snapshot of a table.
    ///
    /// `LakeTieringError.damaged` if a key has two rows.
    static func build(_ lake: LakeTable, _ table: Schema) async throws -> KeyIndex {
        var index = KeyIndex()
        guard let current = lake.metadata.current else { return index }
        let codec = KeyCodec(primaryKeyOf: table)
        let keys = Schema(fields: table.primaryKey.map { table.fields[$0] })
        let scan = try await lake.scan(current)
        let deletions = try await lake.deletions(of: scan)
        for data in scan.dataFiles {
            for rows in try await lake.rows(of: data.file, without: deletions, as: keys) {
                for row in 0..<rows.batch.rowCount {
                    let key = try codec.encode(rows.batch.row(at: row))
                    if index.contains(key) {
                        throw LakeTieringError.damaged(
                            reason: "\(lake.name) has two rows of one key, the second in "
                                + "\(data.file.path) at \(rows.positions[row])")
                    }
                    index.set(key, data.file.path, rows.positions[row])
                }
            }
        }
        index.snapshot = current.identifier
        return index
    }

    private mutating func set(_ key: [UInt8], _ path: String, _ position: Int64) {
        let file: Int32
        if let known = files[path] {
            file = known
        } else {
            file = Int32(paths.count)
            paths.append(path)
            files[path] = file
        }
        places[key] = Place(file: file, position: position)
    }

    /// Follows a commit that this tierer made on the snapshot that the index describes.
    mutating func follow(_ moves: [Move], to snapshot: Int64) {
        for move in moves {
            if let path = move.path {
                set(move.key, path, move.position)
            } else {
                places[move.key] = nil
            }
        }
        self.snapshot = snapshot
    }
}
