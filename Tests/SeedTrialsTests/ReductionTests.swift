import Testing

@testable import SeedTrials

@Suite("The smallest that fails")
struct ReductionTests {
    @Test("finds what is needed together, wherever it stands", arguments: 1...40)
    func together(count: Int) {
        let needed: Set = [count / 3, count * 2 / 3, count - 1]
        var runCount = 0
        let left = smallest(Array(0..<count)) { things in
            runCount += 1
            return needed.isSubset(of: things)
        }
        #expect(left == needed.sorted())
        #expect(runCount <= 10 + count * 4)
    }

    @Test("is nothing where it fails anyhow")
    func anyhow() {
        #expect(smallest(Array(0..<9)) { _ in true } == [])
        #expect(smallest([Int]()) { _ in true } == [])
    }

    @Test(
        "refuses words that are no options",
        arguments: [
            "", "x", "1..", "..1", "2..1", "1...2", "-1", "1 --jobs", "1 --jobs 0", "1 --nosuch x",
            "0..18446744073709551615", "1 --patience 99999999999999999999",
        ])
    func words(_ text: String) {
        #expect(SeedOptions(text.split(separator: " ").map(String.init)) == nil)
    }

    @Test("takes one seed, or the first and the last of many")
    func seeds() throws {
        let many = try #require(
            SeedOptions(["3..18", "--twice", "--jobs", "4", "--html", "p.html"]))
        #expect(many.seeds == 3...18 && many.isTwice && many.jobs == 4 && many.html == "p.html")
        let last = try #require(SeedOptions(["18446744073709551615"]))
        #expect(last.seeds == UInt64.max...UInt64.max)
    }
}
