import Testing

@testable import Workloads

@Suite("Text as a vector")
struct TextEmbedderTests {
    private static let embedder = TextEmbedder(dimension: 64)

    private static func nearness(_ left: String, _ right: String) -> Float {
        zip(embedder.embed(left), embedder.embed(right)).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test("Has length 1, and capitals do not count", arguments: ["a warm lamp", "Ωμέγα", "abc"])
    func length(text: String) {
        let vector = Self.embedder.embed(text)
        #expect(vector.count == 64)
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        #expect(Self.embedder.embed("A WARM lamp") == Self.embedder.embed("a warm LAMP"))
    }

    @Test("Is of zeros where there is no feature", arguments: ["", "a", "ab"])
    func zeros(text: String) { #expect(Self.embedder.embed(text).allSatisfy { $0 == 0 }) }

    @Test("Brings like texts together")
    func likeness() {
        let near = Self.nearness("sturdy wooden chair", "sturdy wooden table")
        let far = Self.nearness("sturdy wooden chair", "quiet copper clock")
        #expect(near > far + 0.2)
    }

    @Test("Is the same everywhere")
    func golden() {
        let vector = TextEmbedder(dimension: 16).embed("a warm lamp")
        #expect(vector.map { Int($0 * 1000) } == Self.lamp)
    }

    private static let lamp = [447, 447, 0, 0, 0, -447, 0, 0, 0, 0, 0, 0, -447, 0, 0, -447]
}
