/// A bucket of an S3 store, as all machines of a world share it.
final class S3Bucket {
    let configuration: S3Configuration
    let client: HTTPClient
    /// Whether it lists folder by folder, as SeaweedFS does: `a/b` before `a-b`, though `-` comes
    /// before `/`. What it lists is sorted here then, all of a prefix at once.
    var listsByFolder = false

    init(_ configuration: S3Configuration, world: HostWorld) {
        self.configuration = configuration
        client = HTTPClient(configuration.address, trust: configuration.trust, world: world)
    }
}
