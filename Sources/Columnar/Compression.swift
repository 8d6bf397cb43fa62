import CLZ4
import CZstd

/// How bytes are made smaller.
///
/// The compressed bytes depend on the library's version as well as on the level: sizes may differ
/// between machines, contents never do.
public enum Compression: Hashable, Sendable {
    case none
    /// The LZ4 frame format.
    case lz4Frame
    /// Zstandard; the level is 1 (fast) to 19 (small).
    case zstd(level: Int)

    /// Zstandard at the level that this engine uses where nothing else is asked for.
    public static let zstd = Compression.zstd(level: 3)

    public func compress(_ bytes: [UInt8]) -> [UInt8] { compress(bytes[...]) }

    public func compress(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .none: Array(bytes)
        case .lz4Frame: compressLZ4(bytes)
        case .zstd(let level): compressZstd(bytes, level: Int32(level))
        }
    }

    /// The bytes that were compressed; `ColumnarError.tooLarge` before more than `limit` are made.
    public func decompress(
        _ bytes: ArraySlice<UInt8>, limit: Int
    ) throws(ColumnarError) -> [UInt8] {
        switch self {
        case .none:
            if bytes.count > limit { throw .tooLarge(byteCount: bytes.count, limit: limit) }
            return Array(bytes)
        case .lz4Frame: return try decompressLZ4(bytes, limit: limit)
        case .zstd: return try decompressZstd(bytes, limit: limit)
        }
    }

    /// The bytes that were compressed, which must be exactly `byteCount`.
    ///
    /// The count comes from outside as a rule, so it must have been held against some limit before.
    public func decompress(
        _ bytes: ArraySlice<UInt8>, byteCount: Int
    ) throws(ColumnarError) -> [UInt8] {
        let plain = try decompress(bytes, limit: byteCount)
        guard plain.count == byteCount else {
            throw .corrupt(
                reason: "\(plain.count) bytes decompressed, not \(byteCount)",
                position: bytes.startIndex)
        }
        return plain
    }

    /// The versions of the libraries that compressed sizes depend on, for reports.
    public static var libraryVersions: [(name: String, version: String)] {
        [("zstd", String(cString: ZSTD_versionString())), ("lz4 frame", "\(LZ4F_getVersion())")]
    }
}

private func compressZstd(_ bytes: ArraySlice<UInt8>, level: Int32) -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    return [UInt8](unsafeUninitializedCapacity: bound) { target, initialized in
        let size = bytes.withUnsafeBytes {
            ZSTD_compress(target.baseAddress, bound, $0.baseAddress, $0.count, level)
        }
        precondition(ZSTD_isError(size) == 0, "zstd refuses to compress at level \(level)")
        initialized = size
    }
}

private func decompressZstd(
    _ bytes: ArraySlice<UInt8>, limit: Int
) throws(ColumnarError) -> [UInt8] {
    // A frame may leave its size out or lie about it, so output grows with what is really there.
    let declared = bytes.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    if declared == UInt64.max - 1 {
        throw .corrupt(reason: "not a zstd frame", position: bytes.startIndex)
    }
    // More frames may follow, whose sizes are not in that of the first.
    let frame = bytes.withUnsafeBytes { ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
    let isKnown = declared != UInt64.max && (ZSTD_isError(frame) != 0 || frame == bytes.count)
    if isKnown && declared > UInt64(limit) {
        throw .tooLarge(byteCount: Int(clamping: declared), limit: limit)
    }
    var capacity = isKnown ? Int(declared) : min(limit, max(1024, bytes.count * 4))
    while true {
        var status = 0
        let plain = [UInt8](unsafeUninitializedCapacity: max(1, capacity)) { target, initialized in
            let room = UnsafeMutableRawBufferPointer(start: target.baseAddress, count: capacity)
            status = bytes.withUnsafeBytes { frames in
                Decompressor.lend { $0.decompress(frames, to: room) }
            }
            initialized = ZSTD_isError(status) == 0 ? status : 0
        }
        if ZSTD_isError(status) == 0 { return plain }
        let isTooSmall = ZSTD_getErrorCode(status) == ZSTD_error_dstSize_tooSmall
        guard isTooSmall && !isKnown else {
            let reason = String(cString: ZSTD_getErrorName(status))
            throw .corrupt(reason: "zstd: \(reason)", position: bytes.startIndex)
        }
        if capacity >= limit { throw .tooLarge(byteCount: capacity + 1, limit: limit) }
        capacity = capacity > limit / 2 ? limit : capacity * 2
    }
}

private func compressLZ4(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var preferences = LZ4F_preferences_t()
    preferences.frameInfo.contentSize = UInt64(bytes.count)
    let bound = LZ4F_compressFrameBound(bytes.count, &preferences)
    return [UInt8](unsafeUninitializedCapacity: bound) { target, initialized in
        let size = bytes.withUnsafeBytes {
            LZ4F_compressFrame(target.baseAddress, bound, $0.baseAddress, $0.count, &preferences)
        }
        precondition(LZ4F_isError(size) == 0, "lz4 refuses to compress")
        initialized = size
    }
}

private func decompressLZ4(
    _ bytes: ArraySlice<UInt8>, limit: Int
) throws(ColumnarError) -> [UInt8] {
    var context: OpaquePointer?
    let status = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
    precondition(LZ4F_isError(status) == 0 && context != nil, "lz4 has no memory")
    defer { LZ4F_freeDecompressionContext(context) }
    var plain: [UInt8] = []
    var consumed = 0
    // Grows with what comes out: an LZ4 byte stands for at most 255 bytes.
    let step = min(max(64 * 1024, bytes.count * 4), max(1, limit))
    var isComplete = false
    while !isComplete {
        var sourceCount = bytes.count - consumed
        var hint = 0
        let part = [UInt8](unsafeUninitializedCapacity: step) { target, initialized in
            var targetCount = step
            hint = bytes.withUnsafeBytes { source in
                LZ4F_decompress(
                    context, target.baseAddress, &targetCount,
                    source.baseAddress.map { $0 + consumed }, &sourceCount, nil)
            }
            initialized = LZ4F_isError(hint) == 0 ? targetCount : 0
        }
        if LZ4F_isError(hint) != 0 {
            let reason = String(cString: LZ4F_getErrorName(hint))
            throw .corrupt(reason: "lz4: \(reason)", position: bytes.startIndex + consumed)
        }
        consumed += sourceCount
        if part.count > limit - plain.count {
            throw .tooLarge(byteCount: plain.count + part.count, limit: limit)
        }
        plain.append(contentsOf: part)
        isComplete = hint == 0
        if !isComplete && sourceCount == 0 && part.isEmpty {
            throw .corrupt(reason: "the lz4 frame is cut", position: bytes.endIndex)
        }
    }
    return plain
}
