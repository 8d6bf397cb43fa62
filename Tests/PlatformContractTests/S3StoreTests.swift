import Host
import Platform
import Testing

/// What S3 stores have besides the contract; run by `ci/stores`.
@Suite(
    "An S3 store as it is", .enabled(if: WorldKind.environment("WAVETANK_TEST_S3") != nil))
struct S3StoreTests {
    @Test("A large object is put in parts, or whole under its condition")
    func parts() throws {
        try EitherWorld.run(.s3, configure: { $0.s3?.partByteCount = 5 * 1024 * 1024 }) {
            machine, _ in
            let store = machine.objectStore
            let bytes = (0..<(11 * 1024 * 1024)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let tag = try await store.put(bytes, at: "large", .always)
            #expect(try await store.head("large")?.tag == tag)
            #expect(try await store.get("large") == bytes)
            await #expect(throws: ObjectStoreError.preconditionFailed(key: "large")) {
                _ = try await store.put(bytes, at: "large", .ifAbsent)
            }
            let next = try await store.put(bytes + [1], at: "large", .ifMatches(tag))
            #expect(next != tag)
            await #expect(throws: ObjectStoreError.preconditionFailed(key: "large")) {
                _ = try await store.put(bytes, at: "large", .ifMatches(tag))
            }
            #expect(try await store.head("large")?.byteCount == Int64(bytes.count + 1))
        }
    }

    @Test("A listing goes over many pages")
    func pages() throws {
        try EitherWorld.run(.s3) { machine, _ in
            let store = machine.objectStore
            let keys = (1000..<1040).map { "page/\($0)" }
            for key in keys { _ = try await store.put([], at: key, .always) }
            var found: [String] = []
            while true {
                let page = try await store.list(prefix: "page/", after: found.last, limit: 7)
                found += page.map(\.key)
                if page.count < 7 { break }
            }
            #expect(found == keys)
        }
    }
}
