import JSON
import Platform
import TestSupport
import Testing

@testable import Host

/// What comes from a server is never trusted.
@Suite("Answers of services")
struct ServiceAnswerTests {
    private static let listing = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>lake</Name>\
        <Prefix>p/</Prefix><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1\
        </NextContinuationToken><Contents><Key>p/a%2Fb+%25</Key>\
        <LastModified>2026-11-28T23:10:05.250Z</LastModified><ETag>&quot;x&quot;</ETag>\
        <Size>7</Size><Owner/></Contents></ListBucketResult>
        """

    @Test("A listing is read with its page and its escapes")
    func listing() throws {
        let page = try #require(S3Listing.parse(Array(Self.listing.utf8), prefix: "p/"))
        #expect(page.continuation == "t&1")
        let object = try #require(page.objects.first)
        #expect(object.key == "a/b %" && object.byteCount == 7 && object.tag.text == "\"x\"")
        #expect(
            object.lastModified.millisecondsSinceEpoch
                == S3Listing.milliseconds(ofDate: "Sat, 28 Nov 2026 23:10:05 GMT"))
        #expect(S3Listing.parse(Array(Self.listing.utf8), prefix: "q/") == nil)
    }

    @Test("A damaged listing is read or refused, and never a trap", arguments: 1...20)
    func damagedListings(_ seed: UInt64) {
        var random = SeededDraws(seed: seed)
        for _ in 0..<500 {
            var bytes = Array(Self.listing.utf8)
            for _ in 0...random.next(below: 6) {
                let place = random.next(below: bytes.count)
                switch random.next(below: 3) {
                case 0: bytes[place] = UInt8(random.next(below: 256))
                case 1: bytes.removeSubrange(place..<min(place + 9, bytes.count))
                default: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
                }
                if bytes.isEmpty { break }
            }
            _ = S3Listing.parse(bytes, prefix: "p/")
        }
        #expect(XMLElement.parse(Array(String(repeating: "<a>", count: 100).utf8)) == nil)
    }

    @Test("Base64 goes there and back, and what is none is refused", arguments: 0..<40)
    func base64(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ count) }
        #expect(Base64.decoded(Base64.encoded(bytes)) == bytes)
        for text in ["a", "ab==c", "a===", "====", "ab\n=", "äb=="] {
            #expect(Base64.decoded(text) == nil)
        }
        #expect(Base64.encoded(Array("light work.".utf8)) == "bGlnaHQgd29yay4=")
    }

    @Test("A large transaction has few at each level, and holds only as a whole")
    func levels() throws {
        let numbers = (0..<2500).map { JSONValue.integer($0) }
        let json = EtcdTransaction(limit: 10, conditions: numbers, operations: numbers).json
        var found: (conditions: Int, operations: Int) = (0, 0)
        func walk(_ transaction: JSONValue) {
            let conditions = transaction["compare"]?.array ?? []
            let operations = transaction["success"]?.array ?? []
            #expect(conditions.count <= 10 && operations.count <= 10)
            found.conditions += conditions.count
            for operation in operations {
                if let below = operation["request_txn"] {
                    walk(below)
                } else {
                    found.operations += 1
                }
            }
        }
        walk(json)
        #expect(found == (2500, 2500))
        let inner: JSONValue = ["response_txn": ["responses": []]]
        #expect(!EtcdTransaction.succeeded(["succeeded": true, "responses": [inner]]))
        #expect(!EtcdTransaction.succeeded(["responses": []]))
        #expect(
            EtcdTransaction.succeeded([
                "succeeded": true, "responses": [["response_txn": ["succeeded": true]]],
            ]))
    }
}
