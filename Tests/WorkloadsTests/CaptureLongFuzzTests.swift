import Columnar
import Foundation
import Testing

@testable import Workloads

/// The inputs that `ci/fuzz` asks for; none in an ordinary run of the tests.
private let inputCount =
    ProcessInfo.processInfo.environment["WAVETANK_FUZZ_INPUTS"].flatMap { Int($0) } ?? 0

@Suite("Many damaged captures", .enabled(if: inputCount > 0))
struct CaptureLongFuzzTests {
    private struct Sample {
        var format: CaptureWorkload.Format
        var logFormat: String?
        var lines: [String]
    }

    private static let change =
        #"{"before":null,"after":{"id":1,"a":12.50,"b":"x"},"source":{"db":"d","schema":"s","#
        + #""table":"t","txId":7,"ts_ms":1700000000000},"op":"u"}"#
    private static let old = #""oldkeys":{"keynames":["id"],"keytypes":["int"],"keyvalues":[1]}"#

    private static let samples: [Sample] = [
        Sample(format: .debezium, lines: [#"{"key":{"id":1},"value":\#(change)}"#]),
        Sample(format: .debezium, lines: ["{\"id\":1}\t" + change, "{\"id\":1}|null"]),
        Sample(
            format: .debezium,
            lines: ["[", #"{"key":{"id":1},"value":\#(change)},"#, "{\"ts_ms\":1}]"]),
        Sample(
            format: .debezium,
            lines: [
                #"{"key":{"id":1},"value":{"id":1,"a":[1,{"b":2}],"#
                    + #""__op":"d","__table":"t"}}"#
            ]),
        Sample(
            format: .wal2json,
            lines: [
                #"{"change":[{"kind":"update","schema":"s","table":"t","columnnames":["id","a"],"#
                    + #""columntypes":["int","numeric(38,4)"],"columnvalues":[1,2.5],\#(old)}]}"#
            ]),
        Sample(
            format: .combinedLog, logFormat: #"%v:%p %h %l %u %t "%r" %>s %O %D %{X-Id}i"#,
            lines: [#"v:80 h - u [25/Nov/2026:20:15:29 +0100] "GET / HTTP/1.1" 200 5 17 x"#]),
        Sample(
            format: .combinedLog, logFormat: "$remote_addr [$time_iso8601] $status $request_time",
            lines: ["::1 [2026-11-25T20:15:29+01:00] 200 0.005"]),
        Sample(
            format: .combinedLog, logFormat: "json",
            lines: [#"{"time_iso8601":"2026-11-25T20:15:29+01:00","status":200,"t":0.005}"#]),
    ]

    private static let symbols = Array("{}[]\":,0-.eE\n\t\\u%$|\u{0}".utf8)

    private static func spoil(_ bytes: inout [UInt8], _ random: inout RandomSource) {
        for _ in 0...random.below(6) where !bytes.isEmpty {
            let position = random.below(bytes.count)
            switch random.below(6) {
            case 0: bytes[position] = UInt8(random.below(256))
            case 1: bytes.remove(at: position)
            case 2: bytes.insert(symbols[random.below(symbols.count)], at: position)
            case 3: bytes.removeSubrange(position..<min(bytes.count, position + random.below(60)))
            case 4:
                let part = bytes[position..<min(bytes.count, position + random.below(200))]
                bytes.insert(contentsOf: part, at: random.below(bytes.count))
            default: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: position)
            }
        }
    }

    @Test("Are taken or refused, and none takes long")
    func inputs() throws {
        var random = RandomSource(seed: 1, label: "captures")
        var taken = 0
        let clock = ContinuousClock()
        for number in 0..<inputCount {
            let sample = Self.samples[random.below(Self.samples.count)]
            let repeated = Array(repeating: sample.lines, count: 1 + random.below(3)).flatMap { $0 }
            var bytes = Array(repeated.joined(separator: "\n").utf8)
            Self.spoil(&bytes, &random)
            var options = CaptureWorkload.Options(
                file: "input", format: sample.format, pace: .interval(.milliseconds(1)))
            options.logFormat = sample.logFormat
            let start = clock.now
            if let workload = try? CaptureWorkload(bytes, options) {
                let stream = CaptureStream(workload)
                taken += stream.changes.count
                for change in stream.changes {
                    let schema = stream.tables[change.table].schema
                    if case .upsert(let row) = change.kind {
                        _ = try KeyCodec(primaryKeyOf: schema).encode(schema.key(of: row))
                    }
                }
                #expect(
                    stream.refusedLines.count <= 10 * (stream.lineCount + 1),
                    "input \(number): \(String(decoding: bytes, as: UTF8.self))")
            }
            #expect(clock.now - start < .seconds(10), "input \(number) took long")
        }
        #expect(taken > inputCount / 10)
    }
}
