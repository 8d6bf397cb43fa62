import Columnar

/// Makes the text of a capture from the bytes of its file, or says what those are instead.
enum CaptureBytes {
    /// A capture may be so many times as large as its compressed file.
    ///
    /// Logs that repeat themselves come to a few hundred; what is above is made to be a burden.
    static let ratioLimit = 2000
    /// What any file may come to, however small it is.
    private static let allowance = 4 * 1024 * 1024

    static func text(
        _ bytes: [UInt8], file: String, limit: Int
    ) throws(CaptureError) -> [UInt8] {
        let plain = try decompressed(bytes, file: file, limit: limit)
        if plain.count > limit {
            throw .undecodable(
                file: file, reason: "\(plain.count) bytes are over the limit of \(limit)")
        }
        if let kind = foreignKind(of: plain) { throw .notText(file: file, kind: kind) }
        return plain
    }

    private static func decompressed(
        _ bytes: [UInt8], file: String, limit: Int
    ) throws(CaptureError) -> [UInt8] {
        // A capture within a capture, as `file.gz.zst`, is not worth a loop.
        let limit = min(limit, allowance + bytes.count * ratioLimit)
        if bytes.starts(with: zstdMagic) || file.hasSuffix(".zst") {
            return try decompressed(bytes, .zstd, file, limit)
        }
        if bytes.starts(with: lz4Magic) { return try decompressed(bytes, .lz4Frame, file, limit) }
        guard bytes.starts(with: GzipFile.magic) || file.hasSuffix(".gz") else { return bytes }
        do throws(Inflater.Failure) {
            return try GzipFile.decompress(bytes, limit: limit)
        } catch {
            let reason =
                switch error {
                case .truncated: "the file ends within its compressed data"
                case .malformed(let what): "it is no whole gzip file: \(what)"
                case .tooLarge: tooLarge(limit)
                }
            throw .undecodable(file: file, reason: reason)
        }
    }

    private static func decompressed(
        _ bytes: [UInt8], _ compression: Compression, _ file: String, _ limit: Int
    ) throws(CaptureError) -> [UInt8] {
        do throws(ColumnarError) {
            return try compression.decompress(bytes[...], limit: limit)
        } catch {
            if case .tooLarge = error {
                throw .undecodable(file: file, reason: tooLarge(limit))
            }
            throw .undecodable(file: file, reason: "\(error)")
        }
    }

    private static func tooLarge(_ limit: Int) -> String {
        "it comes to more than \(limit) bytes, the limit for a file of this size"
    }

    private static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    private static let lz4Magic: [UInt8] = [0x04, 0x22, 0x4D, 0x18]

    /// What the file is when it is not text in UTF-8, with what to do.
    private static func foreignKind(of bytes: [UInt8]) -> String? {
        for (magic, kind) in magics where bytes.starts(with: magic) { return kind }
        let head = bytes.prefix(4096)
        guard head.contains(0) else { return nil }
        // Text in UTF-16 without its mark has a zero in every other byte.
        for parity in 0...1 {
            let places = stride(from: parity, to: head.count, by: 2)
            let others = stride(from: 1 - parity, to: head.count, by: 2)
            if head.count >= 4, places.allSatisfy({ head[$0] == 0 }),
                others.allSatisfy({ head[$0] != 0 })
            {
                return utf16
            }
        }
        return "binary data, not lines of text"
    }

    private static let utf16 = "text in UTF-16; convert it with iconv -f UTF-16 -t UTF-8"

    private static let magics: [([UInt8], String)] = [
        ([0xFF, 0xFE, 0x00, 0x00], "text in UTF-32; convert it with iconv -f UTF-32 -t UTF-8"),
        ([0xFF, 0xFE], utf16), ([0xFE, 0xFF], utf16),
        (Array("BZh".utf8), "compressed by bzip2; compress it with zstd or gzip instead"),
        (
            [0xFD, 0x37, 0x7A, 0x58, 0x5A],
            "compressed by xz; compress it with zstd or gzip instead"
        ),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive; take the file out of it"),
        (Array("PAR1".utf8), "a Parquet file, not a stream of changes"),
        ([0x4F, 0x62, 0x6A, 0x01], "an Avro file; capture the changes as JSON"),
        (Array("SQLite format 3".utf8), "an SQLite database, not a stream of changes"),
    ]
}
