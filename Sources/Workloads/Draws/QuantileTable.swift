/// A distribution by its quantiles: 64 equal shares with straight lines between.
///
/// Integers only, so that a draw is the same on every machine.
struct QuantileTable: Sendable {
    /// The quantiles at 0, 1/64 ... 64/64, ascending.
    let quantiles: [Int]

    /// Precondition: 65 ascending quantiles.
    init(_ quantiles: [Int]) {
        precondition(quantiles.count == 65 && quantiles == quantiles.sorted(), "no quantiles")
        self.quantiles = quantiles
    }

    func draw(_ random: inout RandomSource) -> Int {
        let place = random.below(64 << 12)
        let low = quantiles[place >> 12]
        let high = quantiles[(place >> 12) + 1]
        return low + (((high - low) * (place & 4095)) >> 12)
    }

    /// Of the draws.
    var mean: Int {
        zip(quantiles, quantiles.dropFirst()).reduce(0) { $0 + $1.0 + $1.1 } / 128
    }

    /// The value below which `percent` of the draws are.
    func percentile(_ percent: Int) -> Int {
        let place = min(percent * 64 * 4096 / 100, 64 * 4096 - 1)
        let low = quantiles[place >> 12]
        return low + (((quantiles[(place >> 12) + 1] - low) * (place & 4095)) >> 12)
    }
}

extension QuantileTable {
    /// Milliseconds between two views of one visitor: Weibull with shape 0.75 and scale 26 s, whose
    /// rest is cut at five minutes.
    ///
    /// Liu, White and Dumais, "Understanding web browsing behaviors through Weibull analysis of
    /// dwell time" (SIGIR 2010), find that family with a shape below 1.
    static let thinkTime = QuantileTable([
        0, 103, 261, 454, 673, 916, 1182, 1468, 1775, 2101, 2447, 2812, 3197, 3602, 4026, 4472,
        4938, 5425, 5935, 6467, 7023, 7604, 8209, 8841, 9501, 10190, 10908, 11659, 12442, 13261,
        14117, 15012, 15949, 16931, 17959, 19039, 20172, 21364, 22619, 23941, 25338, 26814, 28378,
        30038, 31804, 33688, 35703, 37863, 40190, 42703, 45432, 48410, 51678, 55290, 59316, 63847,
        69008, 74979, 82023, 90553, 101272, 115519, 136364, 173890, 300000,
    ])

    /// Cents: log-normal around 24.90 with a standard deviation of 0.9.
    static let price = QuantileTable([
        187, 358, 466, 551, 626, 695, 760, 823, 884, 944, 1003, 1062, 1121, 1179, 1238, 1297, 1357,
        1417, 1479, 1541, 1604, 1668, 1734, 1801, 1869, 1939, 2011, 2085, 2161, 2240, 2320, 2404,
        2490, 2579, 2672, 2768, 2869, 2973, 3083, 3197, 3317, 3443, 3576, 3717, 3866, 4024, 4193,
        4374, 4569, 4780, 5008, 5258, 5533, 5838, 6180, 6567, 7012, 7532, 8154, 8920, 9905, 11253,
        13313, 17301, 33203,
    ])

    /// Thousandths of the mean between two events that know nothing of each other.
    static let exponential = QuantileTable([
        0, 16, 32, 48, 65, 81, 98, 116, 134, 152, 170, 189, 208, 227, 247, 267, 288, 309,
        330, 352, 375, 398, 421, 445, 470, 495, 521, 548, 575, 604, 633, 662, 693, 725,
        758, 792, 827, 863, 901, 940, 981, 1023, 1068, 1114, 1163, 1214, 1269, 1326, 1386,
        1451, 1520, 1594, 1674, 1761, 1856, 1962, 2079, 2213, 2367, 2549, 2773, 3060,
        3466, 4159, 6502,
    ])
}
