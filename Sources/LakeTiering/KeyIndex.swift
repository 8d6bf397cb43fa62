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
    /// More rows of a key, where other programs added them.
    private var further: [[UInt8]: [Place]] = [:]
    /// About what it takes in memory.
    private(set) var byteCount = 0

    /// What an entry takes beside its key's bytes: the dictionary's slot and the array's header.
    private static let entryByteCount = 64

    var keyCount: Int { places.count }

    func contains(_ key: [UInt8]) -> Bool { places[key] != nil }

    /// Appends where the rows of a key are: one, unless other programs added more.
    func appendRows(of key: [UInt8], to deletes: inout [PositionDelete]) {
        func append(_ place: Place) {
            deletes.append(
                PositionDelete(path: paths[Int(place.file)], position: place.position))
        }
        if let place = places[key] { append(place) }
        if further.isEmpty { return }
        for place in further[key] ?? [] { append(place) }
    }

    /// Reads the current snapshot of a table.
    ///
    /// `LakeTieringError.damaged` if a key has two rows in a table that nobody else changes.
    static func build(
        _ lake: LakeTable, _ table: Schema, isShared: Bool
    ) async throws -> KeyIndex {
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
                        if isShared {
                            index.addFurther(key, data.file.path, rows.positions[row])
                            continue
                        }
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
        set(key, Place(file: number(of: path), position: position))
    }

    private mutating func set(_ key: [UInt8], _ place: Place) {
        if places.updateValue(place, forKey: key) == nil {
            byteCount += key.count + Self.entryByteCount
        }
    }

    private mutating func addFurther(_ key: [UInt8], _ path: String, _ position: Int64) {
        further[key, default: []].append(Place(file: number(of: path), position: position))
        byteCount += key.count + Self.entryByteCount
    }

    private mutating func number(of path: String) -> Int32 {
        if let known = files[path] { return known }
        let number = Int32(paths.count)
        paths.append(path)
        files[path] = number
        return number
    }

    /// Follows a compaction that this tierer made on the snapshot that the index describes: the
    /// live rows of some files, in their order, are the rows of one file.
    mutating func follow(_ files: [String], into path: String, to snapshot: Int64) {
        precondition(further.isEmpty, "a table with further rows is read anew")
        var order: [Int32: Int] = [:]
        for (position, path) in files.enumerated() {
            if let number = self.files[path] { order[number] = position }
        }
        let moved = places.filter { order[$0.value.file] != nil }.sorted {
            (order[$0.value.file]!, $0.value.position) < (order[$1.value.file]!, $1.value.position)
        }
        for (position, entry) in moved.enumerated() { set(entry.key, path, Int64(position)) }
        self.snapshot = snapshot
    }

    /// Follows the removal of some files by this tierer, with all rows that they have.
    mutating func follow(removing paths: Set<String>, to snapshot: Int64) {
        let numbers = Set(files.filter { paths.contains($0.key) }.values)
        // In any order: each goes for itself.
        for (key, place) in places where numbers.contains(place.file) {
            places[key] = nil
            byteCount -= key.count + Self.entryByteCount
        }
        // In any order, likewise.
        for (key, more) in further {
            let left = more.filter { !numbers.contains($0.file) }
            byteCount -= (more.count - left.count) * (key.count + Self.entryByteCount)
            further[key] = left.isEmpty ? nil : left
        }
        self.snapshot = snapshot
    }

    /// Follows a commit that this tierer made on the snapshot that the index describes.
    mutating func follow(_ moves: [Move], to snapshot: Int64) {
        // Rows of one file follow each other.
        var last: (path: String, number: Int32)?
        for move in moves {
            if let path = move.path {
                let file = last?.path == path ? last!.number : number(of: path)
                last = (path, file)
                set(move.key, Place(file: file, position: move.position))
            } else {
                if places.removeValue(forKey: move.key) != nil {
                    byteCount -= move.key.count + Self.entryByteCount
                }
            }
            if !further.isEmpty, let gone = further.removeValue(forKey: move.key) {
                byteCount -= gone.count * (move.key.count + Self.entryByteCount)
            }
        }
        self.snapshot = snapshot
    }
}
