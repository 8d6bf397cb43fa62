/// The candidate that `word` was most likely meant to be, or nil when none is near.
public func suggestion(for word: String, among candidates: [String]) -> String? {
    let limit = 64
    guard word.utf8.count <= limit else { return nil }
    let lowered = word.lowercased()
    var best: (name: String, distance: Int, isInitialWrong: Bool)?
    for name in candidates {
        let distance = editDistance(Array(lowered.utf8), Array(name.lowercased().utf8))
        // Of two that are equally near, people more often got the first letter right.
        let isInitialWrong = name.lowercased().first != lowered.first
        let isNearer = best.map {
            (distance, isInitialWrong ? 1 : 0) < ($0.distance, $0.isInitialWrong ? 1 : 0)
        }
        if isNearer ?? true { best = (name, distance, isInitialWrong) }
    }
    guard let best, best.distance <= max(1, min(best.name.utf8.count, lowered.utf8.count) / 3)
    else {
        // A word that was broken off, or that says more than was asked.
        return candidates.first { name in
            let name = name.lowercased()
            return lowered.utf8.count >= 3 && (name.hasPrefix(lowered) || lowered.hasPrefix(name))
        }
    }
    return best.name
}

/// `; did you mean 'x'?` or nothing.
func suggestionText(for word: String, among candidates: [String]) -> String {
    suggestion(for: word, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
}

/// How many insertions, deletions, changes and swaps of neighbours lead from one to the other.
func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var beforePrevious = [Int](repeating: 0, count: second.count + 1)
    var previous = Array(0...second.count)
    for row in first.indices {
        var current = [row + 1] + [Int](repeating: 0, count: second.count)
        for column in second.indices {
            let change = first[row] == second[column] ? 0 : 1
            var distance = min(
                previous[column + 1] + 1, current[column] + 1, previous[column] + change)
            if row > 0, column > 0, first[row] == second[column - 1],
                first[row - 1] == second[column]
            {
                distance = min(distance, beforePrevious[column - 1] + 1)
            }
            current[column + 1] = distance
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[second.count]
}
