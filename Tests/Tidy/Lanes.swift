/// Finds async closures with a capture list, which leave their machine's lane.
///
/// The compiler (6.3) runs a closure without a capture list where its caller runs, as the feature
/// NonisolatedNonsendingByDefault says, but one with a list outside of any actor: each return from
/// an async call in it is then a job of its own, and how many differs between debug and release.
enum Lanes {
    private static let head = Pattern(#"(.*)\{\s*\[[^\]]*\](?:[^{}"]*\bin\b|\s*$)"#)
    /// What takes async closures, also of bodies that do not wait.
    private static let taker = Pattern(#"\b(spawn|serve|[gG]ate\.run|requests\.run)\b[^{}]*$"#)
    private static let waiting = Pattern(#"\bawait\b"#)

    static func check(_ tree: Tree) -> [Violation] {
        var violations: [Violation] = []
        for file in tree.swift
        where file.path.hasPrefix("Sources/") || file.path.hasPrefix("Tests/") {
            for (index, line) in file.code.enumerated() {
                guard let groups = head.firstGroups(line) else { continue }
                let body = closure(file.code[index...], after: groups[1].utf8.count)
                if waiting.matches(body) || taker.matches(groups[1]) {
                    violations.append(
                        file.violation(
                            index, "lane",
                            "an async closure with a capture list leaves its machine's lane: say "
                                + "self. in it, or bind what it needs before it"))
                }
            }
        }
        return violations
    }

    /// The text from a brace to the one that closes it, on one line.
    private static func closure(_ lines: ArraySlice<String>, after offset: Int) -> String {
        var depth = 0
        var text: [UInt8] = []
        for (number, line) in lines.enumerated() {
            for byte in line.utf8.dropFirst(number == 0 ? offset : 0) {
                text.append(byte)
                if byte == UInt8(ascii: "{") { depth += 1 }
                if byte == UInt8(ascii: "}") { depth -= 1 }
                if depth == 0 { return String(decoding: text, as: UTF8.self) }
            }
            text.append(UInt8(ascii: " "))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
