/// A fixed amount of work of the kinds that an engine does: arithmetic, tables, memory.
///
/// Wall figures are shown as multiples of it, measured in the same process just before: machines
/// of different speed then show about the same figure. The result only keeps the work from being
/// left out.
public func referenceLoop() -> UInt64 {
    var table = [UInt64](repeating: 1, count: 1 << 16)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<12_000_000 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let position = Int(truncatingIfNeeded: state >> 48)
        table[position] = table[position] &* 0xBF58_476D_1CE4_E5B9 &+ state
        state &+= table[position] >> 32
    }
    return table.reduce(state, &+)
}
