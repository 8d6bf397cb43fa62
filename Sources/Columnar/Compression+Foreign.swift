import CLZ4
import CZlib

/// What files of other writers are compressed with, and this engine only reads.
extension Compression {
    /// One block of LZ4 without a frame, as Parquet's LZ4_RAW has it; exactly `byteCount` bytes.
    ///
    /// The count comes from outside as a rule, so it must have been held against some limit before.
    public static func decompressBlock(
        _ bytes: ArraySlice<UInt8>, byteCount: Int
    ) throws(ColumnarError) -> [UInt8] {
        guard let source = Int32(exactly: bytes.count), let wanted = Int32(exactly: byteCount)
        else { throw .tooLarge(byteCount: byteCount, limit: Int(Int32.max)) }
        var made: Int32 = 0
        let plain = [UInt8](unsafeUninitializedCapacity: byteCount) { target, initialized in
            made = bytes.withUnsafeBytes { input in
                target.withMemoryRebound(to: CChar.self) { output in
                    LZ4_decompress_safe(
                        input.bindMemory(to: CChar.self).baseAddress, output.baseAddress, source,
                        wanted)
                }
            }
            initialized = max(0, Int(made))
        }
        guard made == wanted else {
            throw .corrupt(reason: "the LZ4 block is damaged", position: bytes.startIndex)
        }
        return plain
    }

    /// Members of gzip (RFC 1952) one after the other, or a zlib stream; exactly `byteCount` bytes.
    public static func decompressGzip(
        _ bytes: ArraySlice<UInt8>, byteCount: Int
    ) throws(ColumnarError) -> [UInt8] {
        // Adding 32 makes zlib look at the header for which of both it is.
        let plain = try inflate(bytes, limit: byteCount, windowBits: 15 + 32)
        guard plain.count == byteCount else {
            throw .corrupt(
                reason: "\(plain.count) bytes decompressed, not \(byteCount)",
                position: bytes.startIndex)
        }
        return plain
    }

    /// A deflate stream (RFC 1951) without a header; `ColumnarError.tooLarge` before more than
    /// `limit` bytes are made.
    public static func decompressDeflate(
        _ bytes: ArraySlice<UInt8>, limit: Int
    ) throws(ColumnarError) -> [UInt8] {
        try inflate(bytes, limit: limit, windowBits: -15)
    }

    private static func inflate(
        _ bytes: ArraySlice<UInt8>, limit: Int, windowBits: Int32
    ) throws(ColumnarError) -> [UInt8] {
        guard bytes.count <= Int(UInt32.max) else {
            throw .tooLarge(byteCount: bytes.count, limit: Int(UInt32.max))
        }
        var stream = z_stream()
        let status = inflateInit2_(
            &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory")
        defer { inflateEnd(&stream) }
        var plain: [UInt8] = []
        var consumed = 0
        // Deflate makes at most about a thousand bytes of one, so room grows with what comes.
        let step = min(max(4096, bytes.count * 4), max(1, limit))
        while true {
            var result = Z_OK
            let part = [UInt8](unsafeUninitializedCapacity: step) { target, initialized in
                bytes.withUnsafeBytes { source in
                    let rest = UnsafeMutableRawBufferPointer(mutating: source)[consumed...]
                    stream.next_in =
                        UnsafeMutableRawBufferPointer(rebasing: rest)
                        .bindMemory(to: UInt8.self).baseAddress
                    stream.avail_in = UInt32(rest.count)
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(clamping: step)
                    result = CZlib.inflate(&stream, Z_NO_FLUSH)
                    consumed += rest.count - Int(stream.avail_in)
                }
                initialized = step - Int(stream.avail_out)
            }
            guard part.count <= limit - plain.count else {
                throw .tooLarge(byteCount: plain.count + part.count, limit: limit)
            }
            plain += part
            if result == Z_STREAM_END {
                // A bare stream ends itself; what some writers leave behind it is nothing.
                if consumed == bytes.count || windowBits < 0 { return plain }
                guard inflateReset(&stream) == Z_OK else {
                    throw .corrupt(
                        reason: "bytes after the gzip member",
                        position: bytes.startIndex + consumed)
                }
            } else if result != Z_OK || (part.isEmpty && consumed == bytes.count) {
                throw .corrupt(
                    reason: "the deflate stream is damaged or cut",
                    position: bytes.startIndex + consumed)
            }
        }
    }
}
