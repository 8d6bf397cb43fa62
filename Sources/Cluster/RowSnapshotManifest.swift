import Columnar
import KeyValue

/// One snapshot of a bucket's rows in the object store: where its files are, and which snapshots
/// before it are kept.
///
///     magic       u32   0x31535257, "WRS1"
///     version     u8    1
///     end offset  i64   all changes below are in it
///     earlier     varint count, then of each: key (length-prefixed), end offset i64
///     files       varint count, then the key of each, in the order of the store's manifest
///     store       length-prefixed: what `KeyValueStore.restore` takes
///     CRC-32C     u32   of all above
///
/// Clusters of a format before `FormatVersion.expiring` have the store's manifest alone; their
/// files are named by their content.
struct RowSnapshotManifest: Hashable {
    static let magic: UInt32 = 0x3153_5257

    /// A snapshot before this one that is kept.
    struct Earlier: Hashable {
        var key: String
        var endOffset: Int64
    }

    var endOffset: Int64
    /// The newest first.
    var earlier: [Earlier]
    /// In the order of the store's manifest.
    var fileKeys: [String]
    var store: [UInt8]

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(littleEndian: Self.magic)
        writer.append(byte: 1)
        writer.append(littleEndian: endOffset)
        writer.append(list: earlier) {
            $0.append(string: $1.key)
            $0.append(littleEndian: $1.endOffset)
        }
        writer.append(list: fileKeys) { $0.append(string: $1) }
        writer.append(lengthPrefixed: store)
        writer.append(littleEndian: crc32c(writer.bytes))
        return writer.bytes
    }

    init(endOffset: Int64, earlier: [Earlier], fileKeys: [String], store: [UInt8]) {
        self.endOffset = endOffset
        self.earlier = earlier
        self.fileKeys = fileKeys
        self.store = store
    }

    /// Reads a manifest that stands at `key`; `KeyValueError.damaged` if it is none.
    init(decoding bytes: [UInt8], at key: String) throws {
        var header = ByteReader(bytes)
        if (try? header.readLittleEndian(UInt32.self)) != Self.magic {
            let found = try KeyValueSnapshot.describe(manifest: bytes)
            let folder = key.split(separator: "/").dropLast().joined(separator: "/")
            endOffset = found.appliedOffset
            earlier = []
            fileKeys = found.files.map { "\(folder)/\($0.contentName)" }
            store = bytes
            return
        }
        do {
            let end = bytes.count - 4
            var tail = ByteReader(bytes, range: max(0, end)..<bytes.count)
            guard end > 4, try tail.readLittleEndian(UInt32.self) == crc32c(bytes[..<end]) else {
                throw KeyValueError.damaged(path: key, reason: "the checksum is wrong")
            }
            var reader = ByteReader(bytes, range: 4..<end)
            guard try reader.readByte() == 1 else {
                throw KeyValueError.damaged(path: key, reason: "of a later version: upgrade")
            }
            endOffset = try reader.readLittleEndian()
            earlier = try reader.readList { (reader) throws(ColumnarError) in
                Earlier(key: try reader.readString(), endOffset: try reader.readLittleEndian())
            }
            fileKeys = try reader.readList { (reader) throws(ColumnarError) in
                try reader.readString()
            }
            store = try reader.readLengthPrefixed()
            let count = try KeyValueSnapshot.describe(manifest: store).files.count
            if !reader.isAtEnd || count != fileKeys.count {
                throw KeyValueError.damaged(path: key, reason: "its files are not its store's")
            }
        } catch let error as ColumnarError {
            throw KeyValueError.damaged(path: key, reason: "\(error)")
        }
    }

    /// The keys of the files by what they are called in the store and what is in them.
    var keysByContent: [String: String] {
        guard let files = try? KeyValueSnapshot.describe(manifest: store).files else { return [:] }
        var keys: [String: String] = [:]
        for (file, key) in zip(files, fileKeys) { keys[file.contentName] = key }
        return keys
    }
}
