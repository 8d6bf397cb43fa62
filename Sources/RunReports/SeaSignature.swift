/// A sea drawn from the trace hash: two runs that were the same show the same waves.
struct SeaSignature {
    private let heights: [Int]

    init(traceHash: String) {
        let digits = traceHash.utf8.prefix(64).compactMap {
            Character(UnicodeScalar($0)).hexDigitValue
        }
        heights = (0..<16).map { digits.isEmpty ? 8 : digits[$0 % digits.count] }
    }

    var drawing: Markup {
        """
        <svg class="sea" viewBox="0 0 1600 120" preserveAspectRatio="xMidYMax slice" \
        aria-hidden="true">\
        <path class="far" d="\(wave(shift: 5, level: 42))"/>\
        <path class="near" d="\(wave(shift: 0, level: 66))"/></svg>
        """
    }

    /// Each digit is the height of one crest; between two crests the sea goes down to a trough.
    private func wave(shift: Int, level: Int) -> String {
        var path = "M-50 120L-50 \(level)"
        for index in 0...16 {
            let crest = level - heights[(index + shift) % 16] * 2
            let left = index * 100 - 50
            path += "C\(left + 25) \(level) \(left + 25) \(crest) \(left + 50) \(crest)"
            path += "S\(left + 75) \(level) \(left + 100) \(level)"
        }
        return path + "L1650 120Z"
    }
}
