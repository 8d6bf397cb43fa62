import Foundation
import Oracles
import Testing

@Suite("The list of oracles")
struct OracleListTests {
    @Test("Each oracle has a name of its own, and only those on the list have one")
    func names() {
        let names = OracleName.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        #expect(OracleName(rawValue: "nobody") == nil)
        for name in names { #expect(OracleName(rawValue: name)?.rawValue == name) }
    }

    @Test("Each oracle says what it means and what it compares", arguments: OracleName.allCases)
    func descriptions(name: OracleName) {
        #expect(name.meaning.count > 20 && !name.meaning.hasSuffix("."))
        #expect(name.oracle.compares.count > 5)
        #expect(!name.oracle.needs.isEmpty)
    }

    @Test("The README lists each oracle with its meaning", arguments: OracleName.allCases)
    func readme(name: OracleName) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        #expect(text.contains("| `\(name)` | \(name.meaning) |"))
    }
}
