import Columnar
import Platform
import Simulation
import TestSupport
import Testing

@testable import KeyValue

@Suite("Table files")
struct TableFormatTests {
    private func entries(_ count: Int) -> [KeyEntry] {
        (0..<count).map {
            let key = Array(
                "key-\(String(repeating: "0", count: 5 - "\($0)".utf8.count))\($0)".utf8)
            return KeyEntry(
                key: key,
                value: $0 % 7 == 3 ? nil : [UInt8](repeating: UInt8($0 & 255), count: $0 % 40))
        }
    }

    @Test("Blocks give back their entries, deletions and empty values apart")
    func roundTrip() throws {
        let entries = entries(1000)
        var writer = SortedTableWriter()
        for entry in entries { writer.append(entry.key, entry.value?[...]) }
        let bytes = writer.finish()
        let footer = try TableFormat.Footer(
            decoding: Array(bytes.suffix(TableFormat.footerByteCount)),
            fileByteCount: Int64(bytes.count))
        #expect(footer.entryCount == 1000)
        let start = Int(footer.indexPosition)
        let blocks = try TableFormat.decodeIndex(
            bytes, start..<start + footer.indexByteCount, fileByteCount: Int64(bytes.count))
        #expect(blocks.count > 3)
        var read: [KeyEntry] = []
        for block in blocks {
            let start = Int(block.position)
            read += try TableBlock(bytes, start..<start + block.byteCount).entries()
        }
        #expect(read == entries)
        // Shared prefixes are written once.
        #expect(bytes.count < entries.reduce(0) { $0 + $1.key.count + ($1.value?.count ?? 0) })
    }

    @Test("A filter lets every key of its table through, and few others")
    func filter() throws {
        let keys = (0..<2000).map { Array("row \($0)".utf8) }
        let made = BloomFilter(hashes: keys.map(BloomFilter.hash))
        let filter = try #require(BloomFilter(decoding: made.encoded()[...]))
        #expect(keys.allSatisfy { filter.mayContain(BloomFilter.hash($0)) })
        let strangers = (2000..<12_000).filter {
            filter.mayContain(BloomFilter.hash(Array("row \($0)".utf8)))
        }
        #expect(strangers.count < 300)
    }

    @Test("Keys order as unsigned bytes, a prefix first")
    func keyOrder() {
        let random = RandomStream(seed: 3, label: "keys")
        for _ in 0..<2000 {
            let keys = (0..<2).map { _ in
                (0..<random.next(in: 0..<20)).map { _ in UInt8(random.next(in: 0..<3)) &* 127 }
            }
            #expect(isBefore(keys[0], keys[1]) == keys[0].lexicographicallyPrecedes(keys[1]))
        }
    }

    @Test("Mutated files are refused or read, never a crash", arguments: UInt64(1)...15)
    func fuzz(_ seed: UInt64) throws {
        let random = RandomStream(seed: seed, label: "fuzz")
        var writer = SortedTableWriter()
        for entry in entries(40) { writer.append(entry.key, entry.value?[...]) }
        let bytes = writer.finish()
        let footerBytes = Array(bytes.suffix(TableFormat.footerByteCount))
        let footer = try TableFormat.Footer(
            decoding: footerBytes, fileByteCount: Int64(bytes.count))
        let start = Int(footer.indexPosition)
        let index = Array(bytes[start..<start + footer.indexByteCount])
        let block = Array(bytes[..<Int(footer.filterPosition)])
        var manifest = Manifest()
        manifest.nextNumber = 9
        manifest.levels[1] = [
            Manifest.Table(
                number: 4, byteCount: 100, entryCount: 2, contentHash: 7, firstKey: [1],
                lastKey: [2, 3])
        ]
        #expect(try Manifest(decoding: manifest.encoded()) == manifest)
        for _ in 0..<300 {
            _ = try? TableFormat.Footer(
                decoding: resealed(mutate(footerBytes, random)), fileByteCount: 4000)
            let mutatedIndex = resealed(mutate(index, random))
            _ = try? TableFormat.decodeIndex(
                mutatedIndex, 0..<mutatedIndex.count, fileByteCount: Int64(bytes.count))
            let mutatedBlock = resealed(mutate(block, random))
            _ = try? TableBlock(mutatedBlock, 0..<mutatedBlock.count).entries()
            let line = mutate(Array(manifest.encoded().dropLast(10)), random)
            let sealed = line + Array("\n\(hexadecimal(crc32c(line), digits: 8))\n".utf8)
            _ = try? Manifest(decoding: sealed)
            _ = try? Manifest(decoding: mutate(manifest.encoded(), random))
        }
    }

    /// With the right checksum, so that the content itself is looked at.
    private func resealed(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.count < 4 { return bytes }
        var writer = ByteWriter()
        writer.append(bytes.dropLast(4))
        writer.append(littleEndian: crc32c(writer.bytes))
        return writer.bytes
    }
}
