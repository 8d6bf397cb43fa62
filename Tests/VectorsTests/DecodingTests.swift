import Platform
import Simulation
import Testing

@testable import Vectors

@Suite("Objects of the index")
struct DecodingTests {
    /// Of version 1 without quantization, else of version 2 with attributes.
    private static func segment(_ quantization: VectorQuantization? = nil) -> VectorSegment {
        let attributeCount = quantization == nil ? 0 : 2
        let points = PointGraph(
            HierarchicalGraph(
                dimension: 3, distance: .cosine, quantization: quantization ?? .none, degree: 2,
                breadth: 8), attributeCount: attributeCount)
        let vectors = Cloud.uniform.vectors(60, dimension: 3, seed: 2)
        for (number, vector) in vectors.enumerated() {
            let prepared = points.graph.distance.prepared(vector)
            if number % 9 == 5 { points.delete(Int32(number - 5)) }
            _ = points.append(
                key(number % 9 == 5 ? number - 5 : number), prepared, offset: 7,
                attributes: Array(
                    [[UInt8(number % 4)], number % 3 == 0 ? [] : [UInt8(number), 0]].prefix(
                        attributeCount)))
        }
        return VectorSegment(object: "segment", points)
    }

    private static let quantizations: [VectorQuantization?] = [nil, .some(.none), .int8]

    private static func manifest(_ quantization: VectorQuantization? = nil) -> VectorManifest {
        var deleted = DeletionSet()
        for point in [0, 3, 64, 99] as [Int32] { deleted.insert(point) }
        return VectorManifest(
            generation: 3, epoch: 2, writer: "writer", dimension: 3, distance: .cosine,
            quantization: quantization ?? .none, attributes: quantization == nil ? [] : [4, 9],
            consumedOffset: 1 << 60,
            segments: [
                .init(object: "a", pointCount: 100, deleted: deleted),
                .init(object: "b", pointCount: 1, deleted: DeletionSet()),
            ],
            garbage: ["c", "d"])
    }

    @Test("A segment is read as it was written", arguments: quantizations)
    func segmentRoundTrip(quantization: VectorQuantization?) throws {
        let segment = Self.segment(quantization)
        let bytes = segment.encoded()
        let again = try VectorSegment(object: "segment", bytes: bytes)
        #expect(again.encoded() == bytes)
        for number in 0..<60 {
            let point = again.find(key(number))
            #expect(point.map { again.points.vector(of: $0) } != nil || number % 9 == 5)
        }
        let query = VectorDistance.cosine.prepared([1, 2, 3])
        for point in segment.points.deleted.points { again.points.delete(point) }
        #expect(
            again.points.search(query, limit: 10, breadth: 20, filter: nil)
                == segment.points.search(query, limit: 10, breadth: 20, filter: nil))
        let empty = VectorSegment(
            object: "empty", PointGraph(HierarchicalGraph(dimension: 3, distance: .cosine)))
        #expect(try VectorSegment(object: "empty", bytes: empty.encoded()).pointCount == 0)
    }

    @Test("A manifest is read as it was written", arguments: quantizations)
    func manifestRoundTrip(quantization: VectorQuantization?) throws {
        let manifest = Self.manifest(quantization)
        #expect(try VectorManifest(bytes: manifest.encoded(), object: "manifest") == manifest)
    }

    @Test("Each flipped, lost or added byte is noticed", arguments: 1...4 as ClosedRange<UInt64>)
    func damage(seed: UInt64) {
        let random = RandomStream(seed: seed, label: "damage")
        let quantization = Self.quantizations[Int(seed % 3)]
        let segment = Self.segment(quantization).encoded()
        let manifest = Self.manifest(quantization).encoded()
        for _ in 0..<300 {
            #expect(throws: VectorsError.self) {
                try VectorSegment(object: "s", bytes: mutated(segment, random))
            }
            // Space around a JSON text says nothing.
            let read = try? VectorManifest(bytes: mutated(manifest, random), object: "m")
            #expect(read == nil || read == Self.manifest(quantization))
        }
    }

    @Test(
        "Nonsense under a right checksum is an error, or at least harmless",
        arguments: quantizations)
    func forged(quantization: VectorQuantization?) throws {
        let random = RandomStream(seed: 1, label: "forged")
        let whole = Self.segment(quantization).encoded()
        var readable = 0
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<random.next(in: 1..<4) {
                bytes[random.next(in: 0..<bytes.count)] = UInt8(random.next(in: 0..<256))
            }
            reseal(&bytes)
            guard let segment = try? VectorSegment(object: "s", bytes: bytes) else { continue }
            readable += 1
            let query = [Float](repeating: 1, count: segment.points.graph.stride)
            _ = segment.points.search(query, limit: 3, breadth: 8, filter: nil)
            _ = segment.points.exactSearch(query, limit: 3, filter: nil)
            _ = segment.find(key(3))
            if segment.points.attributes.isEmpty { continue }
            let filter = PointFilter(
                VectorFilter([.passing(0) { $0 == [1] }]), segment.points.attributes)
            _ = segment.points.search(query, limit: 3, breadth: 8, among: filter)
        }
        #expect(readable > 100, "the forgeries never got past the checksums")
    }

    private func mutated(_ bytes: [UInt8], _ random: RandomStream) -> [UInt8] {
        var bytes = bytes
        let position = random.next(in: 0..<bytes.count)
        switch random.next(in: 0..<3) {
        case 0: bytes[position] ^= 1 << UInt8(random.next(in: 0..<8))
        case 1: bytes.removeSubrange(position...)
        default: bytes.insert(UInt8(random.next(in: 1..<256)), at: bytes.count)
        }
        return bytes
    }

    /// Makes all checksums right again, as far as the sections can be followed.
    private func reseal(_ bytes: inout [UInt8]) {
        func store(_ checksum: UInt32, at position: Int) {
            for index in 0..<4 {
                bytes[position + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
            }
        }
        let headerByteCount = bytes[8] == 2 ? 48 : 40
        store(VectorSegment.checksum(bytes[..<headerByteCount]), at: headerByteCount)
        var position = headerByteCount + 4
        while position + 12 <= bytes.count {
            let length = bytes[position..<position + 8].reversed()
                .reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(bytes.count - position - 12) else { return }
            let end = position + 12 + Int(length)
            store(VectorSegment.checksum(bytes[position + 12..<end]), at: position + 8)
            position = end
        }
    }

    @Test("A deletion set keeps its points in its digits")
    func deletionSets() {
        let random = RandomStream(seed: 1, label: "sets")
        for count in [1, 3, 4, 63, 64, 65, 300] {
            var set = DeletionSet()
            for _ in 0..<count / 2 { set.insert(Int32(random.next(in: 0..<count))) }
            let again = DeletionSet(hexadecimal: set.hexadecimal, pointCount: count)
            #expect(again?.points == set.points)
            #expect(again?.count == set.points.count)
            let long = set.hexadecimal + String(repeating: "0", count: count) + "1"
            #expect(DeletionSet(hexadecimal: long, pointCount: count) == nil)
        }
        #expect(DeletionSet(hexadecimal: "", pointCount: 0)?.count == 0)
        #expect(DeletionSet(hexadecimal: "2", pointCount: 1) == nil)
        #expect(DeletionSet(hexadecimal: "g", pointCount: 9) == nil)
    }
}
