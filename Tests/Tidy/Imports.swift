/// Who may import whom: an arrow only points further down the list in `Package.swift`.
enum Imports {
    /// Where a system module is right: the hook that sees jobs escape is found by its name, the
    /// executor that sees `Task.sleep` conforms to a protocol that only the module itself has, what
    /// runs on several threads shares its contexts of a C library under a lock, and a flag is all
    /// that work elsewhere sees of the loop that it was sent from.
    static let exceptions = [
        ("Sources/Simulation/EscapeGuard.swift", "Glibc"),
        ("Sources/Simulation/SleepGuard.swift", "_Concurrency"),
        ("Sources/Columnar/Decompressor.swift", "Synchronization"),
        ("Sources/Platform/StopSign.swift", "Synchronization"),
    ]

    private static let statement = Pattern(
        #"^\s*(?:@\S+\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+"#
            + #"(?:(?:struct|class|enum|protocol|func|let|var|typealias)\s+)?(\w+)"#)

    static func check(_ tree: Tree) -> [Violation] {
        let package = tree.package
        let engine = Set(package.engine)
        var violations = arrows(tree)
        for file in tree.swift {
            guard let module = file.module, let place = package.index(module) else { continue }
            for (index, line) in file.code.enumerated() {
                guard let imported = statement.firstGroups(line)?[1] else { continue }
                func report(_ advice: String) {
                    violations.append(file.violation(index, "imports", advice))
                }
                let target = package.index(imported)
                if let target, target <= place {
                    report("\(imported) does not stand below \(module) in Package.swift")
                }
                if exceptions.contains(where: { $0 == (file.path, imported) }) { continue }
                if module == "Simulation" && imported != "Platform" {
                    report("Simulation knows nothing but Platform, so no \(imported)")
                }
                if engine.contains(module) {
                    if imported == "Simulation" || imported == "Host" {
                        report("an engine module does not know \(imported): use Platform")
                    } else if target == nil {
                        report("an engine module does not import \(imported): use Platform")
                    }
                }
                if target != nil && !package.reaches(module, imported) {
                    report("Package.swift does not let \(module) depend on \(imported)")
                }
            }
        }
        return violations
    }

    /// The list of modules itself: dependencies point down, folders and entries match.
    private static func arrows(_ tree: Tree) -> [Violation] {
        let package = tree.package
        var violations: [Violation] = []
        func report(_ advice: String) {
            violations.append(
                Violation(path: "Package.swift", line: 1, rule: "imports", advice: advice))
        }
        for (place, module) in package.modules.enumerated() {
            for dependency in module.dependencies {
                guard let target = package.index(dependency) else { continue }
                if target <= place { report("list \(dependency) below \(module.name)") }
            }
            if !tree.files.contains(where: { $0.module == module.name }) {
                report("\(module.name) has no folder in Sources")
            }
        }
        for folder in Set(tree.files.compactMap(\.module)).sorted()
        where package.index(folder) == nil && tree.file("Package.swift") != nil {
            report("Sources/\(folder) is not listed")
        }
        return violations
    }
}

extension PackageMap {
    /// Whether `target` is among the dependencies of `module`, or among theirs.
    func reaches(_ module: String, _ target: String) -> Bool {
        var waiting = [module]
        var seen: Set<String> = []
        while let name = waiting.popLast() {
            guard seen.insert(name).inserted, let index = index(name) else { continue }
            if modules[index].dependencies.contains(target) { return true }
            waiting.append(contentsOf: modules[index].dependencies)
        }
        return false
    }
}
