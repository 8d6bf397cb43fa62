import JSON
import Platform
import TestSupport
import Testing

@Suite("A vector service, simulated and real", .serialized)
struct VectorServiceContractTests {
    @Test("A point is read as it was written", arguments: VectorServiceKind.allCases)
    func points(_ kind: VectorServiceKind) throws {
        try VectorStage.run(kind, dimension: 3) { stage in
            let attributes = [
                JSONMember("text", "Größe \"1\"\n\u{1F30A}"),
                JSONMember("id", 9_007_199_254_740_991), JSONMember("small", -7),
                JSONMember("share", .number(0.1)),
                JSONMember("yes", true), JSONMember("nothing", .null),
            ]
            let first = VectorPoint(
                point(1), version: 1 << 52, vector: [0.1, -3e-20, .greatestFiniteMagnitude],
                attributes: attributes)
            let second = VectorPoint(point(.max), version: 0, vector: [0, 1, 16_777_216])
            try await stage.upsert(first, second)
            #expect(try await stage.read(point(.max), point(2), point(1)) == [second, nil, first])
            // A whole point is written: what it had besides is gone.
            let bare = VectorPoint(point(1), version: (1 << 52) + 1, vector: [1, 2, 3])
            try await stage.upsert(bare)
            #expect(try await stage.read(point(1)) == [bare])
        }
    }

    @Test("What is newer takes the place of what is there", arguments: VectorServiceKind.allCases)
    func newer(_ kind: VectorServiceKind) throws {
        try VectorStage.run(kind) { stage in
            for version in Int64(1)...3 {
                try await stage.upsert(VectorPoint(point(1), version: version, vector: [1, 0]))
            }
            // Sent again, as after an answer that did not come.
            let again = VectorPoint(point(1), version: 3, vector: [3, 3])
            try await stage.upsert(again)
            try await stage.upsert(VectorPoint(point(2), version: 1, vector: [2, 0]))
            try await stage.delete(point(2), version: 2)
            try await stage.delete(point(3), version: 2)
            #expect(try await stage.read(point(1), point(2), point(3)) == [again, nil, nil])
            let back = VectorPoint(point(2), version: 5, vector: [2, 2])
            try await stage.upsert(back)
            try await stage.delete(point(1), version: 3)
            #expect(try await stage.read(point(1), point(2)) == [nil, back])
        }
    }

    @Test(
        "What is older is kept from what is newer by a service that compares, and by no other",
        arguments: VectorServiceKind.allCases)
    func older(_ kind: VectorServiceKind) throws {
        try VectorStage.run(kind) { stage in
            let present = VectorPoint(point(1), version: 5, vector: [5, 5])
            let old = VectorPoint(point(1), version: 4, vector: [4, 4])
            let other = VectorPoint(point(2), version: 4, vector: [4, 0])
            try await stage.upsert(present)
            try await stage.upsert(old, other)
            let compares = stage.service.comparesVersions
            #expect(compares == (kind == .comparing || kind == .qdrant))
            // A point that is not there is made, beside one that is left as it is.
            #expect(
                try await stage.read(point(1), point(2)) == [compares ? present : old, other])
            try await stage.delete(point(1), version: 3)
            #expect(try await stage.read(point(1)) == [compares ? present : nil])
            // Nothing is left of a deletion that could refuse what is older than it.
            try await stage.delete(point(1), version: 9)
            try await stage.upsert(old)
            #expect(try await stage.read(point(1)) == [old])
        }
    }

    @Test("What no collection has is refused for good", arguments: VectorServiceKind.allCases)
    func missing(_ kind: VectorServiceKind) throws {
        try VectorStage.run(kind) { stage in
            var none = stage.collection
            none.name += "_none"
            let service = stage.service
            await expectRefusal(of: none) { _ = try await service.read([point(1)], in: none) }
            await expectRefusal(of: none) {
                try await service.upsert(
                    [VectorPoint(point(1), version: 1, vector: [1, 1])], in: none)
            }
            await expectRefusal(of: none) {
                try await service.delete([PointVersion(point(1), version: 1)], in: none)
            }
            // Nothing is asked where nothing is wanted.
            try await service.upsert([], in: none)
            try await service.delete([], in: none)
            #expect(try await service.read([], in: none) == [])
        }
    }

    @Test("A collection is made once, and of one shape", arguments: VectorServiceKind.allCases)
    func shapes(_ kind: VectorServiceKind) throws {
        try VectorStage.run(kind) { stage in
            let kept = VectorPoint(point(1), version: 1, vector: [1, 1])
            try await stage.upsert(kept)
            try await stage.service.create(stage.collection)
            #expect(try await stage.read(point(1)) == [kept])
            var others = [stage.collection, stage.collection]
            others[0].dimension = 3
            others[1].distance = .cosine
            for other in others {
                await expectRefusal(of: other) { try await stage.service.create(other) }
            }
            let good = VectorPoint(point(2), version: 1, vector: [1, 1])
            let short = VectorPoint(point(3), version: 1, vector: [1])
            await expectRefusal(of: stage.collection) { try await stage.upsert(good, short) }
            #expect(try await stage.read(point(1), point(2), point(3)) == [kept, nil, nil])
        }
    }

    @Test(
        "A request with as many points as it may have is taken whole",
        arguments: VectorServiceKind.allCases, [2, 4096])
    func limits(_ kind: VectorServiceKind, dimension: Int) throws {
        try VectorStage.run(kind, dimension: dimension) { stage in
            let limit = stage.collection.requestPointLimit
            #expect(limit == (dimension == 2 ? 1024 : 64))
            let points = (0..<limit).map { number -> VectorPoint in
                let vector = (0..<dimension).map { 1 / Float(1 + number + $0) }
                return VectorPoint(point(UInt64(number)), version: Int64(number), vector: vector)
            }
            let all = points.map(\.identifier)
            try await stage.service.upsert(points, in: stage.collection)
            #expect(try await stage.service.read(all, in: stage.collection) == points)
            let half = points[..<(limit / 2)].map { PointVersion($0.identifier, version: 9999) }
            try await stage.service.delete(half, in: stage.collection)
            let left: [VectorPoint?] = points.enumerated().map { $0 < limit / 2 ? nil : $1 }
            #expect(try await stage.service.read(all, in: stage.collection) == left)
        }
    }

    @Test(
        "What a lost request or answer left is there or not, and sent again it is there",
        arguments: VectorServiceKind.allCases, [VectorStage.Loss.request, .answer])
    func losses(_ kind: VectorServiceKind, _ loss: VectorStage.Loss) throws {
        try VectorStage.run(kind) { stage in
            let unknown = VectorServiceError.outcomeUnknown(collection: stage.collection.name)
            let old = VectorPoint(point(1), version: 1, vector: [1, 0])
            let gone = VectorPoint(point(2), version: 1, vector: [2, 0])
            let new = VectorPoint(point(1), version: 2, vector: [1, 1])
            try await stage.upsert(old, gone)
            stage.lose(loss)
            await expectError(unknown) { try await stage.upsert(new) }
            await expectError(unknown) { try await stage.delete(point(2), version: 2) }
            stage.lose(.nothing)
            try await stage.machine.sleep(stage.service.requestLifetime)
            let found = try await stage.read(point(1), point(2))
            if loss == .answer { #expect(found == [new, nil]) }
            #expect([old, new].contains(found[0]) && [gone, nil].contains(found[1]))
            // It stays what it is: nothing of the lost requests is under way any more.
            try await stage.machine.sleep(stage.service.requestLifetime)
            #expect(try await stage.read(point(1), point(2)) == found)
            try await stage.upsert(new)
            try await stage.delete(point(2), version: 2)
            #expect(try await stage.read(point(1), point(2)) == [new, nil])
        }
    }

    @Test(
        "A partition is removed with all its points, and with no other",
        arguments: VectorServiceKind.allCases)
    func partitions(_ kind: VectorServiceKind) throws {
        try VectorStage.run(kind) { stage in
            let points = (0..<Int64(300)).map { number -> VectorPoint in
                let partition = number % 3 == 0 ? nil : number % 3
                return VectorPoint(
                    point(UInt64(number)), version: number, partition: partition, vector: [1, 2],
                    attributes: [JSONMember("number", .integer(number))])
            }
            let all = points.map(\.identifier)
            let left: [VectorPoint?] = points.map { $0.partition == 2 ? nil : $0 }
            try await stage.service.upsert(points, in: stage.collection)
            for _ in 0..<2 {
                try await stage.service.remove(partition: 2, from: stage.collection)
                #expect(try await stage.service.read(all, in: stage.collection) == left)
            }
            var none = stage.collection
            none.name += "_none"
            await expectRefusal(of: none) {
                try await stage.service.remove(partition: 2, from: none)
            }
        }
    }

    private func expectRefusal(
        of collection: VectorCollection, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let error = await expectError(
            VectorServiceError.self, sourceLocation: sourceLocation, body)
        guard case .refused(collection.name, let reason)? = error, !reason.isEmpty else {
            Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
    }
}
