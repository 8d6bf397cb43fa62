/// Ranks below a count, the first drawn most: the weight of rank k is 1/(k + 1 + shift).
///
/// Zipf's law with exponent 1 (Mandelbrot's form where the shift is not 0). Ranks are grouped in
/// runs of one 64th of their number, so that the table of a million has about a thousand entries;
/// within a run all are drawn alike.
struct ZipfTable: Sendable {
    let count: Int
    /// Where each run begins, ascending; then `count`.
    private var starts: [Int] = [0]
    /// The weights of all runs up to and with each.
    private var sums: [Int] = []

    /// `shift` is in tenths. Precondition: a count of at least 1.
    init(count: Int, shift: Int = 0) {
        precondition(count > 0 && shift >= 0, "nothing to draw from")
        self.count = count
        var sum = 0
        var start = 0
        while start < count {
            let end = min(count, start + max(1, start / 64))
            let middle = 10 * (start + 1) + 5 * (end - start - 1) + shift
            sum += (end - start) * (10 << 36) / middle
            start = end
            starts.append(start)
            sums.append(sum)
        }
    }

    /// - Complexity: O(log log count).
    func draw(_ random: inout RandomSource) -> Int {
        let target = random.below(sums[sums.count - 1])
        var low = 0
        var high = sums.count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        let width = starts[low + 1] - starts[low]
        return width == 1 ? starts[low] : starts[low] + random.below(width)
    }

    /// The share of the draws, in parts per million, that the first `rankCount` ranks get.
    func share(ofFirst rankCount: Int) -> Int {
        guard let run = starts.lastIndex(where: { $0 <= rankCount }), run > 0 else { return 0 }
        return sums[min(run, sums.count) - 1] * 1000 / (sums[sums.count - 1] / 1000)
    }
}
