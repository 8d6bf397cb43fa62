import Columnar
import Foundation
public import Simulation

extension TraceSketch {
    /// As a failure file holds it: how many events, then all of it compressed, in base64.
    public var text: String {
        let bytes = Compression.zstd.compress(kinds + nodes + digests)
        return "\(kinds.count) " + Data(bytes).base64EncodedString()
    }

    /// Nil if the text is not what `text` writes.
    public init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let count = Int(parts[0]), (0...100_000_000).contains(count),
            let data = Data(base64Encoded: String(parts[1]))
        else { return nil }
        let size = count * 2 + count / Self.digestInterval
        guard
            let bytes = try? Compression.zstd.decompress([UInt8](data)[...], byteCount: size)
        else { return nil }
        self.init(
            kinds: Array(bytes[..<count]), nodes: Array(bytes[count..<count * 2]),
            digests: Array(bytes[(count * 2)...]))
    }
}
