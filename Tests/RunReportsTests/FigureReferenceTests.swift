import Foundation
import RunReports
import Testing

@Suite("The reference of figures")
struct FigureReferenceTests {
    @Test("Its page says what the table says: wavetank help figures --markdown renews it")
    func page() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/RunReports/RunReports.docc/Figures.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        #expect(page == FigureReference.markdown)
    }
}
