import Foundation

/// The engine's probes and the list that reports are made from are the same.
enum Probes {
    static let list = "Sources/ScenarioFiles/Faults/EnginePart.swift"
    private static let reached = Pattern(#"\breached\(\s*"([^"]+)""#)
    private static let listed = Pattern(#"^\s+"([^"]+)",$"#)

    static func check(_ tree: Tree) -> [Violation] {
        let engine = Set(tree.package.engine)
        var places: [String: (SourceFile, Int)] = [:]
        for file in tree.swift where engine.contains(file.module ?? "") {
            for (index, line) in file.lines.enumerated() {
                for groups in reached.allGroups(line) where places[groups[1]] == nil {
                    places[groups[1]] = (file, index)
                }
            }
        }
        guard let file = tree.file(list) else {
            // A list that was moved would otherwise hold nothing, in silence.
            return places.keys.sorted().prefix(1).map { name in
                places[name]!.0.violation(places[name]!.1, "probe", "there is no \(list)")
            }
        }
        var known: Set<String> = []
        var violations: [Violation] = []
        for (index, line) in file.lines.enumerated() {
            guard let groups = listed.firstGroups(line) else { continue }
            known.insert(groups[1])
            if places[groups[1]] == nil {
                violations.append(
                    file.violation(index, "probe", "no engine module reaches it: take it out"))
            }
        }
        for name in places.keys.sorted() where !known.contains(name) {
            let (place, index) = places[name]!
            violations.append(place.violation(index, "probe", "add '\(name)' to \(list)"))
        }
        return violations
    }
}
