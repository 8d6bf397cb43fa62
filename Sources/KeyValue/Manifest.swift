import Columnar
import JSON

/// Which table files make up a store, as of which offset: one line of JSON, then the CRC-32C of
/// that line in eight hexadecimal digits on a line of its own.
///
/// Level 0 holds flushed tables, newest first, whose keys overlap; each deeper level holds tables
/// in key order that do not.
struct Manifest: Hashable {
    struct Table: Hashable {
        var number: Int64
        var byteCount: Int64
        var entryCount: Int64
        /// CRC-32C of the whole file.
        var contentHash: UInt64
        var firstKey: [UInt8]
        var lastKey: [UInt8]

        var name: String { Manifest.tableName(number) }
    }

    static let name = "manifest"
    static let levelCount = 6

    /// All changes below are in the tables.
    var appliedOffset: Int64 = 0
    var rowCount: Int64 = 0
    var nextNumber: Int64 = 1
    var levels = [[Table]](repeating: [], count: levelCount)

    var tables: [Table] { levels.flatMap { $0 } }

    static func tableName(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".table"
    }

    func encoded() -> [UInt8] {
        let json: JSONValue = .object([
            JSONMember("version", 1),
            JSONMember("applied-offset", .integer(appliedOffset)),
            JSONMember("row-count", .integer(rowCount)),
            JSONMember("next-number", .integer(nextNumber)),
            JSONMember(
                "levels",
                .array(levels.map { level in .array(level.map { $0.json }) })),
        ])
        let line = Array(json.compact.utf8)
        return line + Array("\n\(hexadecimal(crc32c(line), digits: 8))\n".utf8)
    }

    init() {}

    init(decoding bytes: [UInt8]) throws(ManifestError) {
        // The line, its end, 8 digits and their end.
        guard bytes.count >= 12, bytes[bytes.count - 10] == 0x0A, bytes[bytes.count - 1] == 0x0A
        else {
            throw ManifestError(reason: "it is cut")
        }
        let line = Array(bytes[..<(bytes.count - 10)])
        let digits = Array(hexadecimal(crc32c(line), digits: 8).utf8)
        guard Array(bytes[(bytes.count - 9)..<(bytes.count - 1)]) == digits else {
            throw ManifestError(reason: "its checksum is wrong")
        }
        do {
            let json = JSONField(value: try JSONValue(parsing: line), path: "")
            guard try json.required("version").integer() == 1 else {
                throw ManifestError(reason: "its version is not 1")
            }
            appliedOffset = try json.required("applied-offset").integer()
            rowCount = try json.required("row-count").integer()
            nextNumber = try json.required("next-number").integer()
            levels = []
            for level in try json.required("levels").array() {
                var tables: [Table] = []
                for table in try level.array() { tables.append(try Table(table)) }
                levels.append(tables)
            }
        } catch let error as ManifestError {
            throw error
        } catch {
            throw ManifestError(reason: "\(error)")
        }
        try check()
    }

    /// What every manifest must be, whoever wrote it.
    func check() throws(ManifestError) {
        guard appliedOffset >= 0, rowCount >= 0, levels.count == Self.levelCount else {
            throw ManifestError(reason: "an impossible offset, row count or level")
        }
        for table in tables {
            guard table.number > 0, table.number < nextNumber,
                table.byteCount >= Int64(TableFormat.footerByteCount), table.entryCount > 0,
                !isBefore(table.lastKey, table.firstKey)
            else { throw ManifestError(reason: "an impossible table \(table.number)") }
        }
        for level in levels.dropFirst() {
            for (left, right) in zip(level, level.dropFirst())
            where !isBefore(left.lastKey, right.firstKey) {
                throw ManifestError(reason: "tables \(left.number) and \(right.number) overlap")
            }
        }
        guard Set(tables.map(\.number)).count == tables.count else {
            throw ManifestError(reason: "a table is named twice")
        }
    }
}

struct ManifestError: Error {
    var reason: String
}

extension Manifest.Table {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("file", .string(name)),
            JSONMember("number", .integer(number)),
            JSONMember("bytes", .integer(byteCount)),
            JSONMember("entries", .integer(entryCount)),
            JSONMember("xxh64", .string(hexadecimal(contentHash, digits: 16))),
            JSONMember("first", .string(hexadecimal(firstKey))),
            JSONMember("last", .string(hexadecimal(lastKey))),
        ])
    }

    fileprivate init(_ json: JSONField) throws {
        number = try json.required("number").integer()
        byteCount = try json.required("bytes").integer()
        entryCount = try json.required("entries").integer()
        guard let hash = UInt64(try json.required("xxh64").string(), radix: 16) else {
            throw ManifestError(reason: "a hash that is not hexadecimal")
        }
        contentHash = hash
        guard let first = bytes(ofHexadecimal: try json.required("first").string()),
            let last = bytes(ofHexadecimal: try json.required("last").string())
        else { throw ManifestError(reason: "a key that is not hexadecimal") }
        firstKey = first
        lastKey = last
    }
}
