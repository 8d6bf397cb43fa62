import Platform
import TestSupport
import Testing

@Suite("An object store, simulated and real")
struct ObjectStoreContractTests {
    @Test("An object is read as it was written", arguments: WorldKind.objectStores)
    func objects(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            let missing = ObjectStoreError.notFound(key: "a")
            await expectError(missing) { _ = try await store.get("a") }
            await expectError(missing) { _ = try await store.get("a", range: 0..<1) }
            #expect(try await store.head("a") == nil)
            let before = machine.clock.timestamp
            let tag = try await store.put(text("hello"), at: "a", .always)
            #expect(try await store.get("a") == text("hello"))
            let head = try #require(try await store.head("a"))
            #expect(head.key == "a" && head.byteCount == 5 && head.tag == tag)
            // S3 says it in whole seconds.
            let second: Int64 = kind == .s3 ? 1000 : 1
            #expect(
                head.lastModified.millisecondsSinceEpoch
                    >= before.millisecondsSinceEpoch / second * second)
            #expect(head.lastModified <= machine.clock.timestamp)
            _ = try await store.put([], at: "empty", .always)
            #expect(try await store.get("empty") == [])
            #expect(try await store.head("empty")?.byteCount == 0)
        }
    }

    @Test("Conditions hold or nothing is written", arguments: WorldKind.objectStores)
    func conditions(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            let first = try await store.put(text("1"), at: "a/b", .ifAbsent)
            let failed = ObjectStoreError.preconditionFailed(key: "a/b")
            await expectError(failed) { _ = try await store.put([2], at: "a/b", .ifAbsent) }
            #expect(try await store.get("a/b") == text("1"))
            let second = try await store.put(text("2"), at: "a/b", .ifMatches(first))
            #expect(first != second)
            await expectError(failed) {
                _ = try await store.put(text("3"), at: "a/b", .ifMatches(first))
            }
            #expect(try await store.get("a/b") == text("2"))
            let third = try await store.put(text("3"), at: "a/b", .always)
            #expect(third != second)
            #expect(try await store.head("a/b")?.tag == third)
            await expectError(ObjectStoreError.notFound(key: "none")) {
                _ = try await store.put([1], at: "none", .ifMatches(first))
            }
            try await store.delete("a/b")
            await expectError(ObjectStoreError.notFound(key: "a/b")) {
                _ = try await store.put([1], at: "a/b", .ifMatches(third))
            }
            _ = try await store.put(text("4"), at: "a/b", .ifAbsent)
        }
    }

    @Test("Of many that race for one key, one wins", arguments: WorldKind.objectStores)
    func races(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let others = (2...5).map { world.start("machine-\($0)") }
            for round in 0..<5 {
                let key = "race/\(round)"
                let absent = others.map { other in
                    machine.result {
                        try await other.objectStore.put(text(other.name), at: key, .ifAbsent)
                    }
                }
                var tags: [ObjectTag] = []
                for result in absent {
                    if case .success(let tag)? = try await result.receive() { tags.append(tag) }
                }
                #expect(tags.count == 1)
                let matching = others.map { other in
                    machine.result {
                        // Another content than before, since one content may have one tag.
                        try await other.objectStore.put(
                            text("\(other.name) again"), at: key, .ifMatches(tags[0]))
                    }
                }
                var wins = 0
                for result in matching {
                    switch try await result.receive() {
                    case .success?: wins += 1
                    case .failure(let error)?:
                        #expect(
                            error as? ObjectStoreError == .preconditionFailed(key: key))
                    case nil: Issue.record("no answer")
                    }
                }
                #expect(wins == 1)
            }
        }
    }

    @Test("A range is cut at the end, and refused outside", arguments: WorldKind.objectStores)
    func ranges(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            _ = try await store.put(text("0123456789"), at: "a", .always)
            #expect(try await store.get("a", range: 0..<10) == text("0123456789"))
            #expect(try await store.get("a", range: 2..<5) == text("234"))
            #expect(try await store.get("a", range: 8..<100) == text("89"))
            #expect(try await store.get("a", range: 9..<Int64.max) == text("9"))
            _ = try await store.put([], at: "empty", .always)
            let refused: [(String, Range<Int64>)] = [
                ("a", 10..<11), ("a", 100..<200), ("a", 3..<3), ("a", -1..<3), ("empty", 0..<1),
            ]
            for (key, range) in refused {
                let error = await expectError(ObjectStoreError.self) {
                    _ = try await store.get(key, range: range)
                }
                guard case .invalidRequest(key, _)? = error else {
                    Issue.record("\(range) of \(key): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("Listing goes by bytes, page by page", arguments: WorldKind.objectStores)
    func listing(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            let all = [
                "a", "a-b", "a.b/c", "a/", "a//b", "a/b", "a/b/c", "a0", "b/1", "b/10", "b/2",
                "b0", "c/\u{e9}", "c/\u{ffff}", "c/\u{10000}", "z",
            ]
            let empty = kind.hasPathsAlone ? ["a/", "a//b"] : []
            let keys = all.filter { !empty.contains($0) }
            for key in keys.reversed() { _ = try await store.put(text(key), at: key, .always) }
            func list(
                _ prefix: String, after start: String? = nil, limit: Int = 1000
            ) async throws -> [String] {
                try await store.list(prefix: prefix, after: start, limit: limit).map(\.key)
            }
            #expect(try await list("") == keys)
            #expect(try await list("a") == keys.filter { $0.hasPrefix("a") })
            #expect(
                try await list("a/")
                    == ["a/", "a//b", "a/b", "a/b/c"].filter { !empty.contains($0) })
            #expect(try await list("a/b") == ["a/b", "a/b/c"])
            #expect(try await list("b/1") == ["b/1", "b/10"])
            #expect(try await list("nothing") == [])
            #expect(try await list("", after: "a/b") == Array(all[6...]))
            #expect(try await list("", after: "a/b0") == Array(all[7...]))
            #expect(try await list("b/", after: "a") == ["b/1", "b/10", "b/2"])
            #expect(try await list("b/", after: "b/1") == ["b/10", "b/2"])
            #expect(try await list("b/", after: "c") == [])
            for limit in [1, 2, 5, 16, 17] {
                var paged: [String] = []
                while true {
                    let page = try await list("", after: paged.last, limit: limit)
                    #expect(page.count <= limit)
                    paged += page
                    if page.count < limit { break }
                }
                #expect(paged == keys)
            }
            let first = try #require(
                try await store.list(prefix: "b/10", after: nil, limit: 1).first)
            #expect(try await store.head("b/10") == first)
            #expect(first.byteCount == 4)
            for limit in [0, -1, 1001] {
                await expectError(ObjectStoreError.self) {
                    _ = try await list("", limit: limit)
                }
            }
        }
    }

    @Test("Deleting what is not there succeeds", arguments: WorldKind.objectStores)
    func deleting(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            try await store.delete("none")
            for key in ["a", "a/b", "a/b/c"] { _ = try await store.put([1], at: key, .always) }
            try await store.delete("a/b")
            try await store.delete("a/b")
            #expect(try await store.head("a/b") == nil)
            #expect(
                try await store.list(prefix: "", after: nil, limit: 9).map(\.key) == ["a", "a/b/c"])
            try await store.delete("a/b/c")
            #expect(try await store.get("a") == [1])
            try await store.delete("a")
            #expect(try await store.list(prefix: "", after: nil, limit: 9) == [])
            _ = try await store.put([2], at: "a/b/c", .ifAbsent)
            #expect(try await store.get("a/b/c") == [2])
        }
    }

    @Test("Any key of 1 to 1,024 bytes works, none escapes", arguments: WorldKind.objectStores)
    func keys(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            let keys = [
                "/", "//", ".", "..", "../x", "a/../../x", "./", "/etc/passwd", "a%", "%2E", "%=",
                "a%=", "%-", "a\nb", " ", "\\", "...", ".a", "\u{e9}", "e\u{301}", "a%+/b",
                String(repeating: "n", count: 1024), String(repeating: "n", count: 200),
                String(repeating: "n", count: 199) + "/x", String(repeating: "/", count: 1024),
                String(repeating: "%", count: 1024), String(repeating: "\u{10000}", count: 256),
                String(repeating: "n", count: 197), String(repeating: "n", count: 198),
            ]
            for key in keys { _ = try await store.put(text(key), at: key, .ifAbsent) }
            for key in keys { #expect(try await store.get(key) == text(key)) }
            let listed = try await store.list(prefix: "", after: nil, limit: 1000)
            #expect(
                listed.map { text($0.key) }
                    == keys.map(text).sorted { $0.lexicographicallyPrecedes($1) })
            for key in keys { try await store.delete(key) }
            #expect(try await store.list(prefix: "", after: nil, limit: 1000) == [])
            for key in ["", String(repeating: "n", count: 1025), "a\0b"] {
                await expectError(ObjectStoreError.self) {
                    _ = try await store.put([1], at: key, .always)
                }
                await expectError(ObjectStoreError.self) { _ = try await store.get(key) }
                await expectError(ObjectStoreError.self) { _ = try await store.head(key) }
                await expectError(ObjectStoreError.self) { try await store.delete(key) }
            }
        }
    }

    @Test(
        "A key may be the beginning of another, whichever comes first",
        arguments: WorldKind.objectStores)
    func nested(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, _ in
            let store = machine.objectStore
            for keys in [["x", "x/y", "x/y/z"], ["u/v/w", "u/v", "u"]] {
                var tags: [ObjectTag] = []
                for key in keys { tags.append(try await store.put(text(key), at: key, .ifAbsent)) }
                for (key, tag) in zip(keys, tags) {
                    #expect(try await store.get(key) == text(key))
                    #expect(try await store.head(key)?.tag == tag)
                    await expectError(ObjectStoreError.preconditionFailed(key: key)) {
                        _ = try await store.put([1], at: key, .ifAbsent)
                    }
                    _ = try await store.put(text(key + "!"), at: key, .ifMatches(tag))
                    #expect(try await store.get(key) == text(key + "!"))
                }
            }
            #expect(
                try await store.list(prefix: "", after: nil, limit: 9).map(\.key)
                    == ["u", "u/v", "u/v/w", "x", "x/y", "x/y/z"])
        }
    }

    @Test("The end of a machine ends its requests", arguments: WorldKind.objectStores)
    func ending(_ kind: WorldKind) throws {
        try EitherWorld.run(kind) { machine, world in
            let other = world.start("machine-2")
            let store = other.objectStore
            world.crash("machine-2")
            await expectError(Terminated.self) { _ = try await store.get("a") }
            await expectError(Terminated.self) { _ = try await store.put([], at: "a", .always) }
            await expectError(Terminated.self) { try await store.delete("a") }
        }
    }
}
