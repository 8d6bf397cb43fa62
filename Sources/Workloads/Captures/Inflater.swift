/// Decompresses DEFLATE (RFC 1951), the body of a gzip file.
struct Inflater {
    enum Failure: Error, Hashable {
        case truncated
        case malformed(String)
        /// More bytes than the limit would be made.
        case tooLarge
    }

    private let input: ArraySlice<UInt8>
    private let limit: Int
    private(set) var output: [UInt8] = []
    /// The next byte of the input.
    private(set) var position: Int
    private var bits: UInt32 = 0
    private var bitCount: UInt32 = 0

    init(_ input: ArraySlice<UInt8>, limit: Int) {
        precondition(limit >= 0, "a negative limit")
        self.input = input
        self.limit = limit
        position = input.startIndex
    }

    /// Decompresses all blocks; `position` is then behind the last byte that they use.
    mutating func run() throws(Failure) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try copyStored()
            case 1: try decode(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                let (literals, distances) = try readCodes()
                try decode(literals, distances)
            default: throw .malformed("a block of an unknown kind")
            }
        }
        // Whole bytes that were read ahead belong to what follows.
        position -= Int(bitCount / 8)
        bitCount = 0
    }

    // MARK: Bits

    private mutating func fill(_ count: UInt32) throws(Failure) {
        precondition(count <= 16, "more bits than one read takes")
        while bitCount < count {
            guard position < input.endIndex else { throw .truncated }
            bits |= UInt32(input[position]) << bitCount
            bitCount += 8
            position += 1
        }
    }

    private mutating func take(_ count: UInt32) throws(Failure) -> Int {
        try fill(count)
        let value = bits & (1 << count - 1)
        bits >>= count
        bitCount -= count
        return Int(value)
    }

    // MARK: Blocks

    private mutating func copyStored() throws(Failure) {
        // The rest of the byte is not used; whole bytes that were read ahead are.
        _ = try take(bitCount % 8)
        let count = try take(16)
        let complement = try take(16)
        guard count == ~complement & 0xFFFF else { throw .malformed("a stored block's length") }
        if count > limit - output.count { throw .tooLarge }
        var left = count
        while left > 0, bitCount > 0 {
            output.append(UInt8(try take(8)))
            left -= 1
        }
        guard input.endIndex - position >= left else { throw .truncated }
        output += input[position..<(position + left)]
        position += left
    }

    private mutating func decode(
        _ literals: HuffmanCode, _ distances: HuffmanCode
    ) throws(Failure) {
        while true {
            let symbol = try next(literals)
            if symbol == 256 { return }
            if symbol < 256 {
                if output.count >= limit { throw .tooLarge }
                output.append(UInt8(symbol))
                continue
            }
            guard symbol < 257 + Self.lengths.count else { throw .malformed("a length") }
            let length = Self.lengths[symbol - 257]
            let count = length.base + (try take(length.extraBits))
            let place = try next(distances)
            guard place < Self.distances.count else { throw .malformed("a distance") }
            let reach = Self.distances[place]
            let distance = reach.base + (try take(reach.extraBits))
            guard distance <= output.count else { throw .malformed("a distance before the start") }
            if count > limit - output.count { throw .tooLarge }
            let start = output.count - distance
            for offset in 0..<count { output.append(output[start + offset]) }
        }
    }

    private mutating func next(_ code: HuffmanCode) throws(Failure) -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...HuffmanCode.lengthLimit {
            value |= try take(1)
            let count = code.counts[length]
            if value - count < first { return code.symbols[index + (value - first)] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw .malformed("a code that no symbol has")
    }

    /// The order in which the lengths of the code for code lengths are stored.
    private static let order = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ]

    private mutating func readCodes() throws(Failure) -> (HuffmanCode, HuffmanCode) {
        let literalCount = try take(5) + 257
        let distanceCount = try take(5) + 1
        let orderCount = try take(4) + 4
        if literalCount > 286 || distanceCount > 30 { throw .malformed("too many codes") }
        var lengths = [Int](repeating: 0, count: 19)
        for place in Self.order.prefix(orderCount) { lengths[place] = try take(3) }
        let code = try HuffmanCode(lengths)
        lengths = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try next(code)
            switch symbol {
            case 0..<16: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else { throw .malformed("nothing to repeat") }
                lengths += Array(repeating: last, count: 3 + (try take(2)))
            case 17: lengths += Array(repeating: 0, count: 3 + (try take(3)))
            default: lengths += Array(repeating: 0, count: 11 + (try take(7)))
            }
        }
        guard lengths.count == literalCount + distanceCount, lengths[256] > 0 else {
            throw .malformed("lengths of codes")
        }
        return (
            try HuffmanCode(Array(lengths[..<literalCount])),
            try HuffmanCode(Array(lengths[literalCount...]))
        )
    }

    // MARK: Tables of the format

    private typealias Range = (base: Int, extraBits: UInt32)

    /// Lengths 3 to 258: four codes to each number of extra bits, and one for the last length.
    private static let lengths: [Range] =
        (0..<28).map { code in
            if code < 8 { return (code + 3, 0) }
            let extraBits = code / 4 - 1
            return (3 + (4 + code % 4) << extraBits, UInt32(extraBits))
        } + [(258, 0)]

    /// Distances 1 to 32,768: two codes to each number of extra bits.
    private static let distances: [Range] = (0..<30).map { code in
        if code < 4 { return (code + 1, 0) }
        let extraBits = code / 2 - 1
        return (1 + (2 + code % 2) << extraBits, UInt32(extraBits))
    }

    private static let fixedLiterals = HuffmanCode(
        complete: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = HuffmanCode(complete: [Int](repeating: 5, count: 30))
}

/// A canonical Huffman code by the lengths of its symbols' codes.
struct HuffmanCode {
    static let lengthLimit = 15

    /// How many symbols have a code of each length.
    let counts: [Int]
    /// The symbols in the order of their codes.
    let symbols: [Int]

    init(_ lengths: [Int]) throws(Inflater.Failure) {
        self.init(complete: lengths)
        var left = 1
        for length in 1...Self.lengthLimit {
            left = left << 1 - counts[length]
            if left < 0 { throw .malformed("more codes than fit") }
        }
    }

    /// Precondition: the lengths make a code.
    init(complete lengths: [Int]) {
        var counts = [Int](repeating: 0, count: Self.lengthLimit + 1)
        for length in lengths { counts[length] += 1 }
        counts[0] = 0
        self.counts = counts
        symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted {
            (lengths[$0], $0) < (lengths[$1], $1)
        }
    }
}
