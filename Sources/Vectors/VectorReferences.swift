/// What the manifest of a vector index says of objects in the store, for tools and tests.
public struct VectorReferences: Hashable, Sendable {
    /// The opening of the index that wrote the manifest.
    public var writer: String
    /// The objects that the index consists of.
    public var segments: [String]

    /// Reads the manifest at a key; nil for bytes that are no manifest.
    public init?(manifest bytes: [UInt8], at key: String) {
        guard let manifest = try? VectorManifest(bytes: bytes, object: key) else { return nil }
        writer = manifest.writer
        segments = manifest.segments.map(\.object)
    }
}
