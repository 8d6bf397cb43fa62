/// Decompresses gzip (RFC 1952): members one after the other, each with its checksum.
enum GzipFile {
    static let magic: [UInt8] = [0x1F, 0x8B]

    /// The bytes of all members; no more than `limit` are made.
    static func decompress(
        _ bytes: [UInt8], limit: Int
    ) throws(Inflater.Failure) -> [UInt8] {
        var plain: [UInt8] = []
        var rest = bytes[...]
        repeat {
            rest = rest[(try bodyStart(rest))...]
            var inflater = Inflater(rest, limit: limit - plain.count)
            try inflater.run()
            let end = inflater.position
            guard bytes.count - end >= 8 else { throw .truncated }
            let output = inflater.output
            guard word(bytes, end) == checksum(output) else {
                throw .malformed("its checksum is another one")
            }
            guard word(bytes, end + 4) == UInt32(truncatingIfNeeded: output.count) else {
                throw .malformed("its length is another one")
            }
            plain += output
            rest = bytes[(end + 8)...]
            // Tapes pad with zeros.
        } while rest.contains { $0 != 0 }
        return plain
    }

    private static func bodyStart(_ member: ArraySlice<UInt8>) throws(Inflater.Failure) -> Int {
        let start = member.startIndex
        guard member.count >= 10 else { throw .truncated }
        guard member.starts(with: magic), member[start + 2] == 8 else {
            throw .malformed("no member of gzip begins here")
        }
        let flags = member[start + 3]
        var position = start + 10
        if flags & 4 != 0 {
            guard member.endIndex - position >= 2 else { throw .truncated }
            position += 2 + Int(member[position]) + Int(member[position + 1]) << 8
        }
        // A name and a comment, each with a zero at its end.
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard position < member.endIndex, let end = member[position...].firstIndex(of: 0) else {
                throw .truncated
            }
            position = end + 1
        }
        if flags & 2 != 0 { position += 2 }
        guard position <= member.endIndex else { throw .truncated }
        return position
    }

    private static func word(_ bytes: [UInt8], _ position: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32($1 * 8) }
    }

    /// CRC-32 as gzip has it: the reflected polynomial 0xEDB88320.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8 }
        return ~sum
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
    }
}
