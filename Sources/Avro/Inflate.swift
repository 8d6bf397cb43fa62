/// Decompresses raw DEFLATE data (RFC 1951); throws for damage and for more than `limit` bytes.
func inflate(_ bytes: [UInt8], limit: Int) throws(AvroError) -> [UInt8] {
    var inflater = Inflater(bytes: bytes, limit: limit)
    return try inflater.run()
}

private struct Inflater {
    /// A canonical Huffman code: how many symbols have each length, and the symbols in order.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(lengths: [Int]) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var starts = [Int](repeating: 0, count: 16)
            for length in 1..<15 { starts[length + 1] = starts[length] + counts[length] }
            symbols = [Int](repeating: 0, count: lengths.count)
            for (symbol, length) in lengths.enumerated() where length > 0 {
                symbols[starts[length]] = symbol
                starts[length] += 1
            }
        }
    }

    private let bytes: [UInt8]
    private let limit: Int
    private var position = 0
    private var bit = 0
    private var output: [UInt8] = []

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12_289, 16_385, 24_577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12,
        13, 13,
    ]

    init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    mutating func run() throws(AvroError) -> [UInt8] {
        var isLast = false
        while !isLast {
            isLast = try read(1) == 1
            switch try read(2) {
            case 0: try copyStored()
            case 1: try inflateBlock(Self.fixedLengths, Self.fixedDistances)
            case 2:
                let (lengths, distances) = try readCodes()
                try inflateBlock(lengths, distances)
            default: throw malformed("a block of no known kind")
            }
        }
        return output
    }

    private static var fixedLengths: Code {
        Code(
            lengths: [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
                + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8))
    }

    private static var fixedDistances: Code { Code(lengths: [Int](repeating: 5, count: 30)) }

    private mutating func read(_ count: Int) throws(AvroError) -> Int {
        var value = 0
        for shift in 0..<count {
            guard position < bytes.count else { throw malformed("the data ends too early") }
            value |= (Int(bytes[position]) >> bit & 1) << shift
            bit += 1
            if bit == 8 {
                bit = 0
                position += 1
            }
        }
        return value
    }

    private mutating func decode(_ code: Code) throws(AvroError) -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1..<16 {
            value |= try read(1)
            let count = code.counts[length]
            if value - count < first { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw malformed("a code that stands for nothing")
    }

    private mutating func copyStored() throws(AvroError) {
        if bit > 0 {
            bit = 0
            position += 1
        }
        guard position + 4 <= bytes.count else { throw malformed("the data ends too early") }
        let count = Int(bytes[position]) | Int(bytes[position + 1]) << 8
        let check = Int(bytes[position + 2]) | Int(bytes[position + 3]) << 8
        position += 4
        guard count == ~check & 0xFFFF, position + count <= bytes.count else {
            throw malformed("a stored block of a wrong length")
        }
        try room(count)
        output += bytes[position..<(position + count)]
        position += count
    }

    private mutating func readCodes() throws(AvroError) -> (Code, Code) {
        let lengthCount = try read(5) + 257
        let distanceCount = try read(5) + 1
        let codeCount = try read(4) + 4
        guard lengthCount <= 286, distanceCount <= 30 else { throw malformed("too many codes") }
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var codeLengths = [Int](repeating: 0, count: 19)
        for position in 0..<codeCount { codeLengths[order[position]] = try read(3) }
        let code = Code(lengths: codeLengths)
        var lengths: [Int] = []
        while lengths.count < lengthCount + distanceCount {
            let symbol = try decode(code)
            switch symbol {
            case ..<16: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else { throw malformed("nothing to repeat") }
                lengths += [Int](repeating: last, count: 3 + (try read(2)))
            case 17: lengths += [Int](repeating: 0, count: 3 + (try read(3)))
            default: lengths += [Int](repeating: 0, count: 11 + (try read(7)))
            }
        }
        guard lengths.count == lengthCount + distanceCount else {
            throw malformed("more code lengths than codes")
        }
        return (
            Code(lengths: Array(lengths[..<lengthCount])),
            Code(lengths: Array(lengths[lengthCount...]))
        )
    }

    private mutating func inflateBlock(_ lengths: Code, _ distances: Code) throws(AvroError) {
        while true {
            let symbol = try decode(lengths)
            if symbol < 256 {
                try room(1)
                output.append(UInt8(symbol))
                continue
            }
            if symbol == 256 { return }
            guard symbol - 257 < Self.lengthBases.count else { throw malformed("no such length") }
            let length = Self.lengthBases[symbol - 257] + (try read(Self.lengthBits[symbol - 257]))
            let code = try decode(distances)
            guard code < Self.distanceBases.count else { throw malformed("no such distance") }
            let distance = Self.distanceBases[code] + (try read(Self.distanceBits[code]))
            guard distance <= output.count else { throw malformed("a distance before the start") }
            try room(length)
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }

    private func room(_ count: Int) throws(AvroError) {
        if output.count + count > limit {
            throw .tooLarge(byteCount: output.count + count, limit: limit)
        }
    }

    private func malformed(_ reason: String) -> AvroError {
        .malformed(reason: reason, position: position)
    }
}
