import Foundation

/// Planted bugs say what they break, and their patches still fit the sources.
enum Mutants {
    private static let headers = ["Part: ", "Breaks: ", "History: ", "Scenario: "]

    static func check(_ tree: Tree) -> [Violation] {
        tree.files.filter { $0.path.hasPrefix("ci/mutants/") && $0.path.hasSuffix(".patch") }
            .flatMap { check($0, tree) }
    }

    private static func check(_ patch: SourceFile, _ tree: Tree) -> [Violation] {
        var violations: [Violation] = []
        for header in headers where !patch.lines.contains(where: { $0.hasPrefix(header) }) {
            violations.append(patch.violation(0, "mutant", "say '\(header)…' at its top"))
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
