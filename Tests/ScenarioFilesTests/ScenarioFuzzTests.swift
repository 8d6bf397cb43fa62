import ScenarioFiles
import Testing

@Suite("A scenario file that was spoilt")
struct ScenarioFuzzTests {
    /// A generator of its own, so that a seed means the same text everywhere.
    struct Generator {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    static let pieces: [String] = [
        "{", "}", "[", "]", ":", "-", "- ", "\n", "\n  ", "&a", "*a", "|", ">", "'", "\"", "#", "%",
        "!!map", "?", "0", "-1", "99999999999999999999", "1e9", "server-0", "~", "null", "crash",
        "\t", "\u{0}", "é", "\u{2028}", "drawn", "at", "for", "10s", "all",
    ]

    static let original = """
        title: A shop
        length: 10m
        cluster: { servers: 3, segmentBytes: 256KiB }
        workloads:
          - ecommerceCDC: { rate: 200/s, burst: { every: 2m, for: 5s, factor: 4 } }
          - capture: { file: a.zst, format: wal2json }
        faults:
          - { at: 10s, for: 5s, partition: { groups: [[server-1], [server-2]] } }
          - { at: 10s, for: 5s, crash: [server-1, server-2] }
          - drawn: { from: 10s, until: 8m, kinds: [crash, powerLoss] }
        checks: all
        """

    @Test("Is read or refused, and never brings the reader down", arguments: 0..<20)
    func spoilt(seed: Int) throws {
        var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        for _ in 0..<60 {
            var scalars = Array(Self.original.unicodeScalars)
            for _ in 0...generator.next(below: 4) {
                let at = generator.next(below: scalars.count)
                let piece = Self.pieces[generator.next(below: Self.pieces.count)]
                switch generator.next(below: 4) {
                case 0: scalars.insert(contentsOf: piece.unicodeScalars, at: at)
                case 1: scalars[at] = Unicode.Scalar(UInt8(generator.next(below: 128)))
                case 2: scalars.removeSubrange(at..<min(scalars.count, at + 9))
                default:
                    let end = min(scalars.count, at + 30)
                    let target = generator.next(below: scalars.count)
                    scalars.insert(contentsOf: scalars[at..<end], at: target)
                }
                if scalars.isEmpty { scalars = ["-"] }
            }
            let text = String(String.UnicodeScalarView(scalars))
            do throws(ScenarioErrors) {
                let scenario = try Scenario.load(text: text, path: "spoilt.yaml")
                _ = scenario.shortened(to: .seconds(60))
            } catch {
                for error in error.errors { #expect(!error.message.isEmpty) }
            }
        }
    }

    @Test("Nesting and aliases without end are refused")
    func endless() {
        let bombs = [
            String(repeating: "[", count: 100_000),
            String(repeating: "- ", count: 50_000) + "x",
            "title: x\nlength: &a [" + String(repeating: "[", count: 100)
                + String(repeating: "]", count: 100) + "]",
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + zip("bcdefgh", "abcdefg").map { name, before in
                    "\(name): &\(name) ["
                        + Array(repeating: "*\(before)", count: 9)
                        .joined(separator: ",") + "]\n"
                }.joined(),
            String(repeating: "x", count: 2 << 20),
        ]
        for bomb in bombs {
            #expect(throws: ScenarioErrors.self) {
                try Scenario.load(text: bomb, path: "bomb.yaml")
            }
        }
    }
}
