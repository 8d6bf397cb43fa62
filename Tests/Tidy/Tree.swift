import Foundation

/// The files that the rules look at: text by path.
struct Tree {
    var files: [SourceFile]

    init(_ texts: [(path: String, text: String)]) {
        files = texts.map { SourceFile(path: $0.path, text: $0.text) }
    }

    /// The repository this file stands in: all files that git tracks or would.
    static func repository() throws -> Tree {
        let root = URL(filePath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent()
        var texts: [(String, String)] = []
        for path in try list(root) {
            let url = root.appending(path: path)
            guard let bytes = try? Data(contentsOf: url) else { continue }
            texts.append((path, String(data: bytes, encoding: .utf8) ?? ""))
        }
        return Tree(texts)
    }

    private static func list(_ root: URL) throws -> [String] {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = [
            "git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "-z", "--cached",
            "--others", "--exclude-standard",
        ]
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { throw CocoaError(.fileReadUnknown) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\0").map(String.init)
            .sorted()
    }

    var swift: [SourceFile] { files.filter { $0.path.hasSuffix(".swift") } }

    func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

    /// What `Package.swift` says of the modules.
    var package: PackageMap { PackageMap(file("Package.swift")?.text ?? "") }
}

/// One file, as it stands and with all that is not code blanked out.
struct SourceFile {
    let path: String
    let text: String
    let lines: [String]
    /// The lines without comments and without what stands in string literals.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.components(separatedBy: "\n")
        code = path.hasSuffix(".swift") ? codeOnly(text).components(separatedBy: "\n") : lines
    }

    var name: String { path.components(separatedBy: "/").last! }

    /// The folder below `Sources` that the file stands in.
    var module: String? {
        let parts = path.components(separatedBy: "/")
        return parts.count > 2 && parts[0] == "Sources" ? parts[1] : nil
    }

    func violation(_ index: Int, _ rule: String, _ advice: String) -> Violation {
        Violation(path: path, line: index + 1, rule: rule, advice: advice)
    }
}

/// One place that breaks a rule, and what to do instead.
struct Violation: Hashable, CustomStringConvertible {
    var path: String
    var line: Int
    var rule: String
    var advice: String

    var description: String { "\(path):\(line): \(rule): \(advice)" }
}

/// A regular expression and where it matches.
struct Pattern {
    private let expression: NSRegularExpression

    init(_ text: String) { expression = try! NSRegularExpression(pattern: text) }

    func matches(_ line: String) -> Bool { firstGroups(line) != nil }

    /// The groups of the first match, the whole match first.
    func firstGroups(_ line: String) -> [String]? { allGroups(line).first }

    func allGroups(_ line: String) -> [[String]] {
        let text = line as NSString
        let whole = NSRange(location: 0, length: text.length)
        return expression.matches(in: line, range: whole).map { match in
            (0..<match.numberOfRanges).map {
                let range = match.range(at: $0)
                return range.location == NSNotFound ? "" : text.substring(with: range)
            }
        }
    }
}
