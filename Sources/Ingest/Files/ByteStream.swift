import CZlib
import CZstd
import Columnar

/// The bytes of a file from its beginning to its end, decompressed.
final class ByteStream {
    enum Compression: Hashable {
        case none, gzip, zstd
    }

    static let chunkByteCount = 256 * 1024

    let path: String
    let file: OpenFile
    let compression: Compression
    private var offset: Int64 = 0
    private let decoder: (any StreamDecoder)?

    /// - Throws: `IngestError.source` if it cannot be read, or is of a compression that is not
    ///   read here.
    init(_ path: String, file: OpenFile) throws(IngestError) {
        self.path = path
        self.file = file
        let head = try Self.bytes(path, file, at: 0, count: 6)
        if head.starts(with: [0x1F, 0x8B]) {
            compression = .gzip
            decoder = GzipDecoder()
        } else if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            compression = .zstd
            decoder = ZstdDecoder()
        } else {
            for (magic, name) in Self.others where head.starts(with: magic) {
                throw .source(
                    place: path,
                    reason: "it is compressed by \(name); decompress it, or use gzip "
                        + "or zstd")
            }
            compression = .none
            decoder = nil
        }
    }

    private static let others: [([UInt8], String)] = [
        (Array("BZh".utf8), "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x04, 0x22, 0x4D, 0x18], "LZ4"), ([0x50, 0x4B, 0x03, 0x04], "zip"),
    ]

    /// Skips to a place among the decompressed bytes.
    func skip(to start: Int64) throws(IngestError) -> [UInt8] {
        guard decoder != nil else {
            offset = start
            return []
        }
        var passed: Int64 = 0
        while passed < start {
            let chunk = try next()
            if chunk.isEmpty { break }
            passed += Int64(chunk.count)
            if passed > start { return Array(chunk.suffix(Int(passed - start))) }
        }
        return []
    }

    /// The next bytes; none at the end.
    func next() throws(IngestError) -> [UInt8] {
        guard let decoder else { return try stored() }
        while true {
            let input = decoder.needsInput ? try stored() : []
            do throws(ColumnarError) {
                let output = try decoder.decode(input, isLast: decoder.needsInput && input.isEmpty)
                if let output, !output.isEmpty { return output }
                if output == nil { return [] }
            } catch {
                throw .source(place: path, reason: "it cannot be decompressed: \(error)")
            }
        }
    }

    private func stored() throws(IngestError) -> [UInt8] {
        let bytes = try Self.bytes(path, file, at: offset, count: Self.chunkByteCount)
        offset += Int64(bytes.count)
        return bytes
    }

    static func bytes(
        _ path: String, _ file: OpenFile, at offset: Int64, count: Int
    ) throws(IngestError) -> [UInt8] {
        do throws(FileFailure) { return try file.read(at: offset, count: count) } catch {
            throw .source(place: path, reason: "it cannot be read: \(error.reason)")
        }
    }
}

/// Decompresses a stream piece by piece.
private protocol StreamDecoder: AnyObject {
    /// Whether all that was given has been used.
    var needsInput: Bool { get }

    /// What can be made of some more bytes; nil at the end of the stream.
    func decode(_ input: [UInt8], isLast: Bool) throws(ColumnarError) -> [UInt8]?
}

/// Members of gzip one after the other.
private final class GzipDecoder: StreamDecoder {
    // The library remembers the address of its stream.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var input: [UInt8] = []
    private var used = 0
    private var isBetween = true

    init() {
        stream.initialize(to: z_stream())
        let status = inflateInit2_(
            stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    var needsInput: Bool { used == input.count }

    func decode(_ more: [UInt8], isLast: Bool) throws(ColumnarError) -> [UInt8]? {
        if !more.isEmpty { (input, used) = (more, 0) }
        if isLast {
            if isBetween { return nil }
            throw .corrupt(reason: "it ends within its compressed data", position: used)
        }
        // What some put behind the last member is zeros.
        if isBetween && input[used...].allSatisfy({ $0 == 0 }) {
            used = input.count
            return []
        }
        var result = Z_OK
        let room = ByteStream.chunkByteCount
        let output = [UInt8](unsafeUninitializedCapacity: room) { target, filled in
            input.withUnsafeMutableBufferPointer { source in
                stream.pointee.next_in = source.baseAddress.map { $0 + used }
                stream.pointee.avail_in = UInt32(source.count - used)
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = UInt32(room)
                result = inflate(stream, Z_NO_FLUSH)
                used = source.count - Int(stream.pointee.avail_in)
                filled = room - Int(stream.pointee.avail_out)
            }
        }
        isBetween = result == Z_STREAM_END
        if isBetween { inflateReset(stream) }
        guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(result) else {
            throw .corrupt(reason: "the gzip stream is damaged", position: used)
        }
        return output
    }
}

/// Frames of zstd one after the other.
private final class ZstdDecoder: StreamDecoder {
    private let stream: OpaquePointer
    private var input: [UInt8] = []
    private var used = 0
    private var isBetween = true
    private var hasMore = false

    init() {
        guard let stream = ZSTD_createDStream() else { preconditionFailure("no memory for zstd") }
        self.stream = stream
    }

    deinit { ZSTD_freeDStream(stream) }

    var needsInput: Bool { used == input.count && !hasMore }

    func decode(_ more: [UInt8], isLast: Bool) throws(ColumnarError) -> [UInt8]? {
        if !more.isEmpty { (input, used) = (more, 0) }
        if isLast {
            if isBetween { return nil }
            throw .corrupt(reason: "it ends within its compressed data", position: used)
        }
        var code = 0
        let room = ByteStream.chunkByteCount
        let output = [UInt8](unsafeUninitializedCapacity: room) { target, filled in
            input.withUnsafeBytes { source in
                var from = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: used)
                var into = ZSTD_outBuffer(dst: target.baseAddress, size: room, pos: 0)
                code = ZSTD_decompressStream(stream, &into, &from)
                used = from.pos
                filled = into.pos
            }
        }
        if ZSTD_isError(code) != 0 {
            throw .corrupt(reason: "the zstd stream is damaged", position: used)
        }
        isBetween = code == 0
        hasMore = output.count == room && code != 0
        return output
    }
}
