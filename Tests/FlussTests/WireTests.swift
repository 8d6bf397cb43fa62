import Changelog
import Columnar
import TestSupport
import Testing

@testable import Fluss

@Suite("The bytes of the Fluss protocol")
struct WireTests {
    @Test("The first frame of the Rust client asks for the versions of the API")
    func firstFrame() throws {
        // pyfluss 1.0.0: API key 1000, version 0, request 0, its name and version.
        let bytes: [UInt8] =
            [0x03, 0xE8, 0, 0, 0, 0, 0, 0, 0x0A, 10] + Array("fluss-rust".utf8) + [0x12, 5]
            + Array("1.0.0".utf8)
        let frame = try RequestFrame(decoding: bytes)
        #expect(frame.key == APIKey.apiVersions.rawValue && frame.version == 0)
        let request = try APIVersionsRequest(reading: frame.body)
        #expect(request.clientSoftwareName == "fluss-rust")
        #expect(request.clientSoftwareVersion == "1.0.0")
        #expect(
            RequestFrame.encode(.apiVersions, version: 0, identifier: 0, request.encoded) == bytes)
    }

    @Test("A message without a required field is refused by the field's name")
    func missing() {
        #expect(throws: FlussError.malformed(reason: "WireTablePath lacks table_name")) {
            try WireTablePath(reading: [0x0A, 1, 0x61])
        }
    }

    @Test("Fields that are not known are skipped, packed and repeated numbers are one")
    func unknown() throws {
        var writer = ProtobufWriter()
        for number in [1, 2, 3] as [Int64] { number.put(in: 3, of: &writer) }
        Int64(0).put(in: 1, of: &writer)
        Int64(77).put(in: 2, of: &writer)
        "what a newer client says".put(in: 99, of: &writer)
        let bucket = try BucketMetadata(reading: writer.bytes)
        #expect(bucket.replicaIDs == [1, 2, 3] && bucket.leaderID == 77)
        let again = try BucketMetadata(reading: bucket.encoded)
        #expect(again == bucket)
    }

    @Test("An error goes back under the number of its call")
    func error() throws {
        let error = FlussError.refused(.tableNotExist, reason: "no table shop.orders")
        let bytes = ResponseFrame.encode(identifier: 7, .failure(error))
        let frame = try ResponseFrame(decoding: bytes)
        #expect(frame.identifier == 7)
        #expect(throws: FlussError.refused(.tableNotExist, reason: "\(error)")) {
            try frame.result.get()
        }
    }

    @Test(
        "A batch of magic 1 is taken without the client's statistics, however long they say to be")
    func clientStatistics() throws {
        let plain = try wireBatch(7, writer: 3, sequence: 0)
        func withStatistics(_ length: Int32) -> [UInt8] {
            var checked = ByteWriter()
            checked.append(plain[25..<48])
            checked.append(littleEndian: length)
            checked.append([1, 2, 3, 4, 5])
            checked.append(plain[48...])
            var bytes = ByteWriter()
            bytes.append(plain[..<8])
            bytes.append(littleEndian: Int32(checked.count + 25 - 12))
            bytes.append(byte: 1)
            bytes.append(plain[13..<21])
            bytes.append(littleEndian: crc32c(checked.bytes))
            bytes.append(checked.bytes)
            return bytes.bytes
        }
        #expect(
            try WireLogBatch.decode(withStatistics(5)).bytes == WireLogBatch.decode(plain).bytes)
        for length in [-1, 1 << 20, Int32.min, Int32.max] {
            #expect(throws: FlussError.self) { try WireLogBatch.decode(withStatistics(length)) }
        }
    }

    @Test("A batch of changes comes back as it was, and one flipped bit is seen")
    func keyValueBatch() throws {
        let batch = KeyValueBatch(
            schemaIdentifier: 1, writer: 77, sequence: 3,
            records: [
                .init(key: [3], row: [0, 6, 1, 0x61]), .init(key: [4], row: nil),
            ])
        let bytes = batch.encoded
        #expect(try KeyValueBatch(decoding: bytes) == batch)
        for position in 9..<bytes.count {
            var flipped = bytes
            flipped[position] ^= 4
            #expect(throws: FlussError.self) { try KeyValueBatch(decoding: flipped) }
        }
    }
}
