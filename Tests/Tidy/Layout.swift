/// How a text file looks: lines, spaces, length, names, marks of unfinished work.
enum Layout {
    static let lineLimit = 100
    static let fileLimit = 500
    static let functionLimit = 70

    private static let programs = [".swift", ".sh", ".c", ".h", ".py", ".modulemap"]
    private static let texts = programs + [".md", ".yaml", ".yml", ".json"]
    // Put together here, so that this file does not bear the marks itself.
    private static let marks = Pattern(
        "\\b("
            + ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "W" + "IP"]
            .joined(separator: "|") + ")\\b|not yet imple" + "mented|unimple" + "mented")
    private static let machinePaths = Pattern("(^|[^\\w.])/(wo" + "rk|ro" + "ot|ho" + "me)/\\w")
    private static let vagueName = Pattern(
        #"(Utils?|Helpers?|Manager|Common|Misc)(\+\w+)?\.swift$"#)

    static func check(_ tree: Tree) -> [Violation] {
        var violations: [Violation] = []
        for file in tree.files where isText(file) {
            violations += checkLines(file)
            if !file.text.isEmpty && (!file.text.hasSuffix("\n") || file.text.hasSuffix("\n\n")) {
                violations.append(
                    file.violation(file.lines.count - 1, "end", "end the file with one newline"))
            }
            if vagueName.matches(file.name) {
                violations.append(
                    file.violation(0, "name", "name the file after the thing in it, not its kind"))
            }
            if file.path.hasSuffix(".swift") {
                if file.lines.count - 1 > fileLimit {
                    violations.append(
                        file.violation(
                            fileLimit, "length",
                            "\(file.lines.count - 1) lines: move an aspect to Type+Aspect.swift"))
                }
                violations += Functions.check(file)
            }
        }
        return violations
    }

    private static func isText(_ file: SourceFile) -> Bool {
        let isScript = file.path.hasPrefix("ci/") || file.path.hasPrefix(".ci/")
        return isScript || texts.contains { file.path.hasSuffix($0) }
    }

    private static func checkLines(_ file: SourceFile) -> [Violation] {
        var violations: [Violation] = []
        let isProgram =
            file.path.hasPrefix("ci/") || programs.contains { file.path.hasSuffix($0) }
        for (index, line) in file.lines.enumerated() {
            func report(_ rule: String, _ advice: String) {
                violations.append(file.violation(index, rule, advice))
            }
            // A patch has the lines of what it changes, one column to the right.
            let isPatch = file.path.hasSuffix(".patch")
            if isProgram && !isPatch && line.count > lineLimit && !line.contains("://") {
                report("width", "\(line.count) columns: break the line at \(lineLimit)")
            }
            if line.contains("\t") { report("tab", "indent with spaces") }
            // An empty line of what a patch stands in is one space.
            if line.hasSuffix(" ") && !(isPatch && line == " ") || line.hasSuffix("\r") {
                report("trailing space", "take it away")
            }
            if marks.matches(line) { report("unfinished", "do it now, or file it as an issue") }
            if machinePaths.matches(line) {
                report("machine path", "say it relative to the repository")
            }
        }
        return violations
    }
}

/// How long functions are.
enum Functions {
    private static let start = Pattern(
        #"^\s*(?:@\S+\s+)*(?:[a-z]+(?:\([a-z]+\))?\s+)*"#
            + #"(?:func\s+(\S+?)[(<]|(init|deinit|subscript)\b)"#)

    static func check(_ file: SourceFile) -> [Violation] {
        var violations: [Violation] = []
        for (index, line) in file.code.enumerated() {
            guard let groups = start.firstGroups(line) else { continue }
            guard let end = closingLine(file.code, from: index) else { continue }
            let length = end - index + 1
            if length > Layout.functionLimit {
                let name = groups[1].isEmpty ? groups[2] : groups[1]
                violations.append(
                    file.violation(
                        index, "function length",
                        "\(name) has \(length) lines: split it at \(Layout.functionLimit)"))
            }
        }
        return violations
    }

    /// The line of the brace that closes the first body from `start` on; nil if there is no body.
    private static func closingLine(_ code: [String], from start: Int) -> Int? {
        var depth = 0
        var parentheses = 0
        for index in start..<code.count {
            // A requirement of a protocol ends before the next declaration begins.
            if index > start && depth == 0 && parentheses == 0
                && (code[index].trimmingSpace.isEmpty || Functions.start.matches(code[index]))
            {
                return nil
            }
            for character in code[index].utf8 {
                switch character {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{") where parentheses == 0 || depth > 0: depth += 1
                case UInt8(ascii: "}") where depth > 0:
                    depth -= 1
                    if depth == 0 { return index }
                case UInt8(ascii: "}") where parentheses == 0: return nil
                default: break
                }
            }
        }
        return nil
    }
}

extension String {
    var trimmingSpace: String { String(drop { $0 == " " }) }
}
