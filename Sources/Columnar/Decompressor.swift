import CZstd
import Synchronization

/// A context of the zstd library, kept for the next who needs one.
///
/// When it is made, a context asks the processor what it can do; on a virtual machine that takes
/// longer than most pages do. Nothing of one frame is left in it for the next, so whose context it
/// was cannot be told from what comes out.
struct Decompressor: @unchecked Sendable {
    private static let idle = Mutex<[Decompressor]>([])

    private let context: OpaquePointer

    private init() {
        guard let context = ZSTD_createDCtx() else { preconditionFailure("no memory for zstd") }
        self.context = context
    }

    /// Lends one that nobody else uses for as long as `body` runs.
    static func lend<Value>(to body: (Decompressor) -> Value) -> Value {
        let decompressor = idle.withLock { $0.popLast() } ?? Decompressor()
        defer { idle.withLock { $0.append(decompressor) } }
        return body(decompressor)
    }

    /// As `ZSTD_decompressDCtx`: the number of bytes made, or an error of the library.
    func decompress(
        _ frames: UnsafeRawBufferPointer, to plain: UnsafeMutableRawBufferPointer
    ) -> Int {
        ZSTD_decompressDCtx(
            context, plain.baseAddress, plain.count, frames.baseAddress, frames.count)
    }
}
