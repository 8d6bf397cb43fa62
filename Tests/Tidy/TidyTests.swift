import Testing

@Suite("The house is tidy")
struct TidyTests {
    enum Part: String, CaseIterable {
        case fence, imports, order, lanes, layout, documents, scenarios, probes, mutants

        func check(_ tree: Tree) -> [Violation] {
            switch self {
            case .fence: Fence.check(tree)
            case .imports: Imports.check(tree)
            case .order: Order.check(tree)
            case .lanes: Lanes.check(tree)
            case .layout: Layout.check(tree)
            case .documents: Documents.check(tree)
            case .scenarios: ScenarioFolders.check(tree)
            case .probes: Probes.check(tree)
            case .mutants: Mutants.check(tree)
            }
        }
    }

    private static let tree = Result { try Tree.repository() }

    @Test("No rule is broken", arguments: Part.allCases)
    func rules(part: Part) throws {
        for violation in part.check(try Self.tree.get()) {
            Issue.record(Comment(rawValue: violation.description))
        }
    }

    @Test("The rules look at what they should")
    func coverage() throws {
        let tree = try Self.tree.get()
        #expect(tree.swift.count > 100)
        #expect(tree.package.engine.contains("Changelog"))
        #expect(tree.package.engine.contains("Platform"))
        #expect(!tree.package.engine.contains("Host"))
        #expect(tree.files.contains { $0.path.hasPrefix("ci/planted/") })
        let modules = Set(tree.package.engine)
        #expect(tree.swift.filter { modules.contains($0.module ?? "") }.count > 50)
    }
}
