extension RunReport {
    /// What was played of captures, and what was left out, in words; nil where there were none.
    var input: String? { inputText(counters) }
}

extension HuntReport {
    /// The same of all seeds together.
    var input: String? { inputText(seeds.compactMap(\.report).flatMap(\.counters)) }
}

private func inputText(_ counters: [Counter]) -> String? {
    func sum(_ name: String) -> Int {
        counters.filter { $0.name == "workload." + name }.map(\.value).boundedSum
    }
    let (held, refused) = (sum("capturedChangesHeld"), sum("refusedLines"))
    if held == 0 && refused == 0 { return nil }
    return "\(sum("capturedChangesPlayed")) of \(held) changes played, \(refused) lines left out"
}
