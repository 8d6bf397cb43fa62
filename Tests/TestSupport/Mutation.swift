import Platform
public import Simulation

/// Flips, cuts, extends or overwrites some bytes.
public func mutate(_ bytes: [UInt8], _ random: RandomStream) -> [UInt8] {
    var mutated = bytes
    for _ in 0..<random.next(in: 1..<4) {
        switch random.next(in: 0..<5) {
        case 0 where !mutated.isEmpty:
            mutated[random.next(in: 0..<mutated.count)] ^= 1 << UInt8(random.next(in: 0..<8))
        case 1 where !mutated.isEmpty: mutated.removeLast(random.next(in: 0..<mutated.count) + 1)
        case 2: mutated += (0..<random.next(in: 1..<20)).map { _ in UInt8(random.next() & 255) }
        case 3 where mutated.count > 8:
            let position = random.next(in: 0..<mutated.count - 4)
            for step in 0..<4 { mutated[position + step] = random.chance(1, in: 2) ? 0xFF : 0x7F }
        case 4 where mutated.count > 2: mutated.removeFirst(random.next(in: 1..<mutated.count))
        default: break
        }
    }
    return mutated
}
