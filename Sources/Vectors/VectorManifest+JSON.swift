import Columnar
import JSON

/// A manifest object is one JSON object of two members:
///
///     checksum   CRC-32C of the member `manifest` printed without spaces, a number
///     manifest   format           "wavetank-vectors"
///                version          1; 2 if it has a quantization or attributes
///                generation, epoch, writer, dimension, distance, consumedOffset
///                quantization     how vectors are kept; absent in version 1
///                attributes       identifiers of columns; absent in version 1
///                segments         oldest first; for each
///                    object       its key in the store
///                    points       how many points it has
///                    deleted      the deleted ones, as `DeletionSet.hexadecimal`
///                garbage          keys of objects that may be deleted
///
/// Members keep this order when printed, so what is read can be checked by printing it again.
extension VectorManifest {
    private static let format = "wavetank-vectors"
    private static let versions: ClosedRange<Int64> = 1...2

    func encoded() -> [UInt8] {
        let segments = segments.map { segment -> JSONValue in
            [
                "object": .string(segment.object), "points": .integer(Int64(segment.pointCount)),
                "deleted": .string(segment.deleted.hexadecimal),
            ]
        }
        let isPlain = quantization == .none && attributes.isEmpty
        var members: [JSONMember] = [
            JSONMember("format", .string(VectorManifest.format)),
            JSONMember("version", .integer(isPlain ? 1 : 2)),
            JSONMember("generation", .integer(generation)), JSONMember("epoch", .integer(epoch)),
            JSONMember("writer", .string(writer)),
            JSONMember("dimension", .integer(Int64(dimension))),
            JSONMember("distance", .string(distance.rawValue)),
            JSONMember("consumedOffset", .integer(consumedOffset)),
        ]
        if !isPlain {
            members.append(JSONMember("quantization", .string(quantization.rawValue)))
            members.append(
                JSONMember("attributes", .array(attributes.map { .integer(Int64($0)) })))
        }
        members.append(JSONMember("segments", .array(segments)))
        members.append(JSONMember("garbage", .array(garbage.map(JSONValue.string))))
        let manifest = JSONValue.object(members)
        let object: JSONValue = [
            "checksum": .integer(VectorManifest.checksum(manifest)), "manifest": manifest,
        ]
        return Array(object.compact.utf8)
    }

    init(bytes: [UInt8], object: String) throws(VectorsError) {
        do throws(JSONError) {
            let whole = try JSONValue(parsing: bytes)
            let manifest = try whole.required("manifest")
            guard
                try whole.required("checksum").integer() == VectorManifest.checksum(manifest.value)
            else { throw .wrongType(path: "checksum", expected: "that of the manifest") }
            guard try manifest.required("format").string() == VectorManifest.format,
                VectorManifest.versions.contains(try manifest.required("version").integer())
            else { throw .wrongType(path: "version", expected: "one this program reads") }
            generation = try manifest.required("generation").integer()
            epoch = try manifest.required("epoch").integer()
            writer = try manifest.required("writer").string()
            dimension = try manifest.required("dimension").integer(as: Int.self)
            let name = try manifest.required("distance").string()
            guard let distance = VectorDistance(rawValue: name) else {
                throw .wrongType(path: "distance", expected: "one this program knows")
            }
            self.distance = distance
            consumedOffset = try manifest.required("consumedOffset").integer()
            if let name = try manifest.optional("quantization")?.string() {
                guard let quantization = VectorQuantization(rawValue: name) else {
                    throw .wrongType(path: "quantization", expected: "one this program knows")
                }
                self.quantization = quantization
            }
            for field in try manifest.optional("attributes")?.array() ?? [] {
                attributes.append(try field.integer(as: Int32.self))
            }
            segments = []
            for field in try manifest.required("segments").array() {
                segments.append(try Segment(field))
            }
            garbage = []
            for field in try manifest.required("garbage").array() {
                garbage.append(try field.string())
            }
        } catch {
            throw .damaged(object: object, reason: "\(error)")
        }
    }

    private static func checksum(_ manifest: JSONValue) -> Int64 {
        Int64(crc32c(Array(manifest.compact.utf8)))
    }
}

extension VectorManifest.Segment {
    fileprivate init(_ field: JSONField) throws(JSONError) {
        object = try field.required("object").string()
        let points = try field.required("points").integer(as: Int32.self)
        let digits = try field.required("deleted").string()
        guard let deleted = DeletionSet(hexadecimal: digits, pointCount: Int(points)) else {
            throw .wrongType(path: "\(field.path).deleted", expected: "a set of the points")
        }
        pointCount = Int(points)
        self.deleted = deleted
    }
}
