/// Finds code that may depend on the order of a dictionary or a set, which differs in each process.
///
/// It knows the names that the same file declares as dictionaries or sets. Where the order does not
/// matter, a comment on the line or right above says so with the words "any order".
enum Order {
    // A key and a colon: not the label of a tuple in an array.
    private static let dictionary = #"\[(?:\[\w+\]|[\w.<>]+\??):\s"#
    private static let declaration = Pattern(
        #"\b(?:var|let)\s+(\w+)\s*(?::\s*(?:"# + dictionary
            + #"|Set<|Dictionary<)|=\s*(?:Set[<(]|Dictionary[<(]|"# + dictionary
            + #"[\w.<>?\[\] ]+\]\(\)))"#)
    private static let parameter = Pattern(#"(\w+)\s*:\s*(?:inout\s+)?(?:"# + dictionary + "|Set<)")
    private static let anyDeclaration = Pattern(#"\b(?:var|let)\s+(\w+)\s*[:=]"#)
    private static let loop = Pattern(#"\bfor\s+.*\bin\s+(?:self\.)?([\w.?!]+)(?=\s*(\{|where|$))"#)
    private static let call = Pattern(
        #"\b(\w+)[?!]?(\.keys|\.values)?[?!]?\."#
            + #"(map|flatMap|compactMap|forEach|first|randomElement|prefix|dropFirst|enumerated"#
            + #"|reversed|joined|popFirst|removeFirst)\b(?!Index)"#)
    private static let array = Pattern(#"\bArray\((\w+)(\.keys|\.values)?\)"#)

    static func check(_ tree: Tree) -> [Violation] {
        let engine = Set(tree.package.engine + ["Simulation", "Workloads"])
        var violations: [Violation] = []
        for file in tree.swift where engine.contains(file.module ?? "") {
            let names = unorderedNames(file)
            for (index, line) in file.code.enumerated()
            where suspects(line).contains(where: { isUnordered($0, names, at: index) }) {
                // Sorted at once, in this statement or the next line or two of it.
                let statement = file.code[index..<min(index + 5, file.code.count)]
                if statement.joined(separator: " ").contains("sorted") { continue }
                let remarks = file.lines[max(0, index - 2)...index].joined(separator: " ")
                if remarks.contains("any order") { continue }
                violations.append(
                    file.violation(
                        index, "order",
                        "a dictionary or set has another order in each process: sort first, or say "
                            + "why any order will do"))
            }
        }
        return violations
    }

    /// Where each name is declared in the file, and whether as a dictionary or set.
    private static func unorderedNames(
        _ file: SourceFile
    ) -> [String: [(line: Int, isUnordered: Bool)]] {
        var names: [String: [(line: Int, isUnordered: Bool)]] = [:]
        for (index, line) in file.code.enumerated() {
            let unordered = Set(
                (declaration.allGroups(line) + parameter.allGroups(line)).map { $0[1] })
            let others = anyDeclaration.allGroups(line).map { $0[1] }
            for name in unordered.union(others) {
                names[name, default: []].append((index, unordered.contains(name)))
            }
        }
        return names
    }

    /// What the last declaration above the line says, or else the first below it.
    private static func isUnordered(
        _ name: String, _ names: [String: [(line: Int, isUnordered: Bool)]], at line: Int
    ) -> Bool {
        guard let places = names[name] else { return false }
        return (places.last { $0.line <= line } ?? places[0]).isUnordered
    }

    /// The names whose order the line uses, if they have one.
    private static func suspects(_ line: String) -> [String] {
        var suspects = (call.allGroups(line) + array.allGroups(line)).map { $0[1] }
        for groups in loop.allGroups(line) {
            let parts = groups[1].split(whereSeparator: { ".?!".contains($0) }).map(String.init)
            if parts.last == "keys" || parts.last == "values" {
                if parts.count > 1 { suspects.append(parts[parts.count - 2]) }
            } else if let last = parts.last, parts.count <= 2 {
                suspects.append(last)
            }
        }
        return suspects
    }
}
