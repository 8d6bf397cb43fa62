import Foundation

/// Markdown: one title, and links that lead somewhere.
enum Documents {
    private static let link = Pattern(#"\]\(([^)\s]+)\)"#)

    static func check(_ tree: Tree) -> [Violation] {
        var folders: Set<String> = []
        for file in tree.files {
            var parts = file.path.components(separatedBy: "/").dropLast()
            while !parts.isEmpty {
                folders.insert(parts.joined(separator: "/"))
                parts = parts.dropLast()
            }
        }
        let paths = Set(tree.files.map(\.path)).union(folders)
        return tree.files.filter { $0.path.hasSuffix(".md") }.flatMap { check($0, paths) }
    }

    private static func check(_ file: SourceFile, _ paths: Set<String>) -> [Violation] {
        var violations: [Violation] = []
        var titles = 0
        var isInCode = false
        for (index, line) in file.lines.enumerated() {
            if line.hasPrefix("```") { isInCode.toggle() }
            if isInCode || line.hasPrefix("    ") { continue }
            if line.hasPrefix("# ") { titles += 1 }
            for groups in link.allGroups(line) {
                let target = groups[1].components(separatedBy: "#")[0]
                if target.isEmpty || target.contains("://") || target.hasPrefix("mailto:") {
                    continue
                }
                if !paths.contains(resolve(target, from: file.path)) {
                    violations.append(
                        file.violation(index, "link", "\(groups[1]) leads nowhere"))
                }
            }
        }
        if titles != 1 {
            violations.append(
                file.violation(
                    0, "title", "\(titles) titles: give the document exactly one (# ...)"))
        }
        return violations
    }

    private static func resolve(_ target: String, from path: String) -> String {
        var parts = Array(path.components(separatedBy: "/").dropLast())
        for part in target.components(separatedBy: "/") {
            switch part {
            case "", ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}

/// What stands in `Scenarios`: scenarios in the folders that are run, and what those read.
enum ScenarioFolders {
    static let known = ["fast", "slow", "rare", "history", "bench", "endpoints"]

    static func check(_ tree: Tree) -> [Violation] {
        let files = tree.files.filter { $0.path.hasPrefix("Scenarios/") }
        let scenarios = files.filter { $0.path.hasSuffix(".yaml") || $0.path.hasSuffix(".yml") }
        var violations: [Violation] = []
        for file in scenarios {
            let parts = file.path.components(separatedBy: "/")
            if parts.count < 3 || !known.contains(parts[1]) || !file.path.hasSuffix(".yaml") {
                violations.append(
                    file.violation(
                        0, "dead scenario",
                        "nothing runs it here: put it in "
                            + "Scenarios/{fast,slow,rare,history,bench,endpoints}/*.yaml")
                )
            }
        }
        let told = scenarios.map(\.text).joined(separator: "\n")
        for file in files where !scenarios.contains(where: { $0.path == file.path }) {
            let isExplanation = [".md", ".sh", ".sql", ".py", ".conf", ".gitkeep"]
                .contains { file.path.hasSuffix($0) }
            if isExplanation || told.contains(file.name) { continue }
            violations.append(
                file.violation(0, "dead capture", "no scenario reads it: use it or remove it"))
        }
        return violations
    }
}
