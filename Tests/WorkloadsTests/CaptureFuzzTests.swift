import Columnar
import Testing

@testable import Workloads

@Suite("Spoilt captures")
struct CaptureFuzzTests {
    /// Some lines of a capture, with its first.
    private static func sample(_ file: String, _ count: Int) throws -> [[UInt8]] {
        let packed = try CaptureStream.bytes(file)
        let plain = try Compression.zstd.decompress(packed[...], limit: 100_000_000)
        let lines = plain.split(separator: 0x0A, maxSplits: 4000)
        let stride = max(1, (lines.count - 2) / count)
        return [Array(lines[0])] + (1..<count).map { Array(lines[$0 * stride]) }
    }

    private static let samples = Result {
        [
            (
                CaptureWorkload.Format.wal2json,
                try sample("Scenarios/captures/postgres-shop.wal2json.zst", 60)
            ),
            (.combinedLog, try sample("Scenarios/captures/nginx-access.log.zst", 60)),
            (.debezium, try sample("Tests/Captures/debezium-plain.json.zst", 60)),
            (.debezium, try sample("Scenarios/captures/debezium-shop.json.zst", 20)),
        ]
    }

    private static let symbols = Array("{}[]\":,0-.eE\n\\u".utf8)

    private static func spoil(_ bytes: inout [UInt8], _ random: inout RandomSource) {
        for _ in 0...random.below(8) where !bytes.isEmpty {
            let position = random.below(bytes.count)
            switch random.below(6) {
            case 0: bytes[position] = UInt8(random.below(256))
            case 1: bytes.remove(at: position)
            case 2: bytes.insert(symbols[random.below(symbols.count)], at: position)
            case 3: bytes.removeSubrange(position..<min(bytes.count, position + random.below(80)))
            case 4:
                let part = bytes[position..<min(bytes.count, position + random.below(200))]
                bytes.insert(contentsOf: part, at: random.below(bytes.count))
            default: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: position)
            }
        }
    }

    @Test(
        "Are taken or refused line by line, never worse", arguments: 1...30 as ClosedRange<UInt64>)
    func lines(seed: UInt64) throws {
        var taken = 0
        for (format, lines) in try Self.samples.get() {
            var random = RandomSource(seed: seed, label: "\(format)")
            var bytes = Array(lines.joined(separator: [0x0A]))
            Self.spoil(&bytes, &random)
            guard let stream = try? CaptureStream(bytes, format) else { continue }
            for change in stream.changes {
                let table = stream.tables[change.table]
                switch change.kind {
                case .append(let row), .upsert(let row), .update(let row, _):
                    let codec = RowCodec(schema: table.schema)
                    _ = try codec.encode(row)
                case .delete(let key), .deletePart(let key, _), .insertIfAbsent(let key):
                    _ = try KeyCodec(primaryKeyOf: table.schema).encode(key)
                }
            }
            #expect(stream.refusedLines.count <= stream.lineCount)
            taken += stream.changes.count
        }
        #expect(taken > 50)
    }

    @Test("That were cut or changed after compression are a clear error")
    func compressed() throws {
        let whole = try CaptureStream.bytes("Tests/Captures/debezium-plain.json.zst")
        for count in [0, 3, 4, 10, whole.count / 2, whole.count - 1] {
            let error = #expect(throws: CaptureError.self) {
                try CaptureWorkload(
                    Array(whole.prefix(count)),
                    .init(file: "x.zst", format: .debezium, pace: .interval(.seconds(1))))
            }
            #expect(error?.description.hasPrefix("x.zst cannot be decompressed") == true)
        }
        var random = RandomSource(seed: 1, label: "compressed")
        for _ in 0..<20 {
            var bytes = whole
            bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255))
            _ = try? CaptureStream(bytes, .debezium)
        }
    }

    @Test("That are larger than the limit are refused before they are made")
    func bomb() throws {
        let bytes = Compression.zstd.compress([UInt8](repeating: 0x20, count: 50_000_000))
        var options = CaptureWorkload.Options(
            file: "bomb.zst", format: .combinedLog, pace: .interval(.seconds(1)))
        options.byteLimit = 1_000_000
        #expect(throws: CaptureError.self) { try CaptureWorkload(bytes, options) }
    }

    @Test("Of several frames one after the other are one capture")
    func frames() throws {
        let line = #"a - - [25/Nov/2026:20:15:29 +0100] "GET / HTTP/1.1" 200 5 "-" "-""# + "\n"
        let frame = Compression.zstd.compress(Array(line.utf8))
        let stream = try CaptureStream(frame + frame + frame, .combinedLog)
        #expect(stream.steps.count == 3)
    }

    @Test("That do not say how large they are are read as well")
    func streamed() throws {
        // `a - - [25/Nov/2026:20:15:29 +0100] "GET / HTTP/1.1" 200 5 "-" "-"` through `zstd -c`.
        let packed = EncodedBytes.hexadecimal(
            "28b52ffd0458ed010022440e1590551df9b3b16033e43aa26168928c14b8647d595c41ab6c9587f6"
                + "d91bce9494101a9371948c7d16581c9d433e22ee5b0090d8f9c262b10900b28ad0ac")
        let stream = try CaptureStream(#require(packed), .combinedLog)
        #expect(stream.steps.count == 1 && stream.refusals == [])
    }

    @Test("Of endless lines and bottomless nesting are refused")
    func bounds() throws {
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: CaptureLines.lengthLimit + 1)
        let log = try CaptureStream(long + [0x0A] + long, .combinedLog)
        #expect(log.refusedLines.first.map(\.line) == [1, 2])
        #expect(log.refusals[0].hasSuffix("1048577 bytes are over the limit of 1048576"))
        #expect(log.refusedLines.first[0].text.count < 200)
        let header =
            #"{"action":"S","tables":[{"table":"t","primaryKey":[],"columns":[{"name":"a","#
            + #""type":"text","nullable":true}]}]}"#
        let deep = String(repeating: "[", count: 500_000)
        for format in [CaptureWorkload.Format.wal2json, .debezium] {
            let stream = try CaptureStream([header, deep], format)
            #expect(stream.refusals == ["lines:2:33: nested deeper than 32"])
        }
    }

    @Test("Of which all lines are refused keep the first hundred and count the others")
    func kept() throws {
        let lines = (0..<1000).map { "line \($0)" }
        let refused = try CaptureStream(lines, .combinedLog).refusedLines
        #expect(refused.count == 1000)
        #expect(refused.first.count == RefusedLines.keptLimit)
        #expect(refused.first[99].text == "line 99")
    }
}
