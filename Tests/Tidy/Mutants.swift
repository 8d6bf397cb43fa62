import Foundation

/// Planted bugs say what they break, their patches still fit the sources, and the results of the
/// last hunt name them all.
enum Mutants {
    static let results = "Reports/mutants.tsv"
    /// What must always be seen, and what must never.
    private static let probes = ["canary", "control"]
    private static let smallestBank = 30
    private static let headers = ["Part: ", "Breaks: ", "History: ", "Scenario: "]

    static func check(_ tree: Tree) -> [Violation] {
        let patches = tree.files.filter {
            $0.path.hasPrefix("ci/planted/") && $0.path.hasSuffix(".patch")
        }
        if patches.isEmpty { return [] }
        var violations = patches.flatMap { check($0, tree) }
        guard let results = tree.file(results) else {
            return violations + [patches[0].violation(0, "mutant", "there is no \(results)")]
        }
        let names = patches.map { String($0.name.dropLast(".patch".count)) }
        for name in probes where !names.contains(name) {
            violations.append(
                results.violation(0, "mutant", "there is no ci/planted/\(name).patch"))
        }
        if names.count - probes.count < smallestBank {
            violations.append(
                results.violation(0, "mutant", "plant at least \(smallestBank) bugs in ci/planted"))
        }
        let rows = results.lines.dropFirst().map { $0.components(separatedBy: "\t")[0] }
            .filter { !$0.isEmpty }
        for name in names where !rows.contains(name) {
            violations.append(results.violation(0, "mutant", "hunt \(name) with ci/mutants"))
        }
        for (index, name) in rows.enumerated() where !names.contains(name) {
            violations.append(
                results.violation(index + 1, "mutant", "ci/planted has no \(name): take it out"))
        }
        return violations
    }

    private static func check(_ patch: SourceFile, _ tree: Tree) -> [Violation] {
        var violations: [Violation] = []
        for header in headers where !patch.lines.contains(where: { $0.hasPrefix(header) }) {
            violations.append(patch.violation(0, "mutant", "say '\(header)…' at its top"))
        }
        for line in patch.lines where line.hasPrefix("Scenario: ") {
            let scenario = String(line.dropFirst("Scenario: ".count))
            if tree.file(scenario) == nil {
                violations.append(patch.violation(0, "mutant", "there is no \(scenario)"))
            }
        }
        var target: SourceFile?
        var hunk: [String] = []
        var start = 0
        func close() {
            guard let target, !hunk.isEmpty else { return }
            let text = "\n" + hunk.joined(separator: "\n") + "\n"
            if !("\n" + target.text).contains(text) {
                violations.append(
                    patch.violation(start, "mutant", "it does not fit \(target.path): make it anew")
                )
            }
            hunk = []
        }
        for (index, line) in patch.lines.enumerated() {
            if line.hasPrefix("+++ b/") {
                close()
                target = tree.file(String(line.dropFirst(6)))
                if target == nil {
                    violations.append(patch.violation(index, "mutant", "no such file"))
                }
            } else if line.hasPrefix("@@") || line.hasPrefix("diff ") {
                close()
                start = index
            } else if line.hasPrefix("---") || line.hasPrefix("+") {
                continue
            } else if target != nil, line.hasPrefix(" ") || line.hasPrefix("-") {
                hunk.append(String(line.dropFirst()))
            }
        }
        close()
        return violations
    }
}
