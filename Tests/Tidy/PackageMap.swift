import Foundation

/// The modules of `Package.swift`, in the order in which it lists them, and what they depend on.
struct PackageMap {
    struct Module {
        var name: String
        var dependencies: [String]
        var isForeign: Bool
    }

    private(set) var modules: [Module] = []

    /// Reads the list `sources`: entries `module("Name", ["Dependency", ...])`,
    /// `.target(name: ...)`, `.executableTarget(...)` and `.systemLibrary(...)`.
    init(_ text: String) {
        guard let start = text.range(of: "let sources: [Target] = ["),
            let end = text.range(of: "\n]", range: start.upperBound..<text.endIndex)
        else { return }
        let list = text[start.upperBound..<end.lowerBound].replacing("\n", with: " ")
        let entry = Pattern(
            #"(module|\.target|\.executableTarget|\.systemLibrary)\(\s*(?:name:\s*)?"(\w+)"(.*?)"#
                + #"(?=\s(?:module|\.target|\.executableTarget|\.systemLibrary)\(|$)"#)
        for groups in entry.allGroups(String(list)) {
            // Products of other packages are named by their package.
            let rest = groups[3].replacing(#/\.product\([^)]*\)/#, with: "")
                .replacing(#/(providers|cSettings|pkgConfig|path):.*/#, with: "")
            let dependencies = Pattern(#""(\w+)""#).allGroups(rest).map { $0[1] }
            modules.append(
                Module(
                    name: groups[2], dependencies: dependencies,
                    isForeign: groups[1] == ".systemLibrary" || groups[1] == ".target"))
        }
    }

    func index(_ name: String) -> Int? { modules.firstIndex { $0.name == name } }

    /// The two worlds, and an example of what can be put into one of them.
    static let worlds = ["Simulation", "Host", "TankExample"]

    /// The modules that run in the tank: from Server down, but the two worlds and the C libraries.
    var engine: [String] {
        guard let first = index("Server") else { return [] }
        return modules[first...].filter { !$0.isForeign }.map(\.name)
            .filter { !PackageMap.worlds.contains($0) }
    }
}
