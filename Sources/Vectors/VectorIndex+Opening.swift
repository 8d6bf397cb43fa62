public import Platform

extension VectorIndex {
    /// Opens the index under `prefix` and takes it over: every other indexer of it is fenced.
    ///
    /// Then apply the changelog from `consumedOffset`. `epoch` is that of the bucket's leader; an
    /// index that a later epoch has opened is refused.
    ///
    /// - Parameter rebuilding: start empty, whatever is there: after `VectorsError.damaged`, or to
    ///   change the dimension or the distance. All of the table must be fed again.
    /// - Throws: `VectorsError.fenced`, `.damaged` or `.unavailable`.
    public static func open(
        _ machine: Machine, prefix: String, epoch: Int64,
        configuration: VectorIndexConfiguration, rebuilding: Bool = false
    ) async throws -> VectorIndex {
        let requests = StoreRequests(machine, configuration)
        let manifests = VectorManifestStore(requests, object: "\(prefix)/manifest.json")
        let index = VectorIndex(
            machine, configuration, prefix: prefix, epoch: epoch, manifests: manifests)
        try await index.claim(rebuilding: rebuilding)
        try await index.loadSegments()
        try await index.collect()
        return index
    }

    /// Writes a manifest of this opening over the one there is, whoever's it is, unless it is
    /// newer.
    private func claim(rebuilding: Bool) async throws {
        for _ in 0..<configuration.attemptLimit {
            let (present, manifest) = try await readManifest(rebuilding: rebuilding)
            // Listed before the claim: what is named by no manifest then never will be.
            knownObjects = Set(try await listSegments())
            var claimed = manifest
            claimed.epoch = epoch
            claimed.writer = writer
            claimed.garbage =
                knownObjects.subtracting(manifest.segments.map(\.object)).sorted()
            do {
                stored = try await manifests.replace(present, with: claimed)
            } catch VectorsError.fenced {
                machine.observer.reached("vector index claimed by two at once")
                continue
            }
            consumedOffset = claimed.consumedOffset
            durableOffset = claimed.consumedOffset
            return
        }
        throw VectorsError.unavailable(object: manifests.object)
    }

    /// What to claim: the tag to replace, and the content to carry over.
    private func readManifest(
        rebuilding: Bool
    ) async throws -> (present: StoredVectorManifest?, carried: VectorManifest) {
        let empty = VectorManifest(
            generation: 0, epoch: epoch, writer: writer, dimension: configuration.dimension,
            distance: configuration.distance, consumedOffset: 0, segments: [], garbage: [])
        guard let object = try await manifests.read() else { return (nil, empty) }
        let present: StoredVectorManifest
        do {
            present = try manifests.decode(object)
        } catch let error as VectorsError {
            if !rebuilding { throw error }
            // Its generation and epoch cannot be read; the tag still guards the exchange.
            return (StoredVectorManifest(manifest: empty, object: object), empty)
        }
        if present.manifest.epoch > epoch {
            throw VectorsError.fenced(object: manifests.object, epoch: present.manifest.epoch)
        }
        if rebuilding { return (present, empty) }
        let manifest = present.manifest
        if manifest.dimension != configuration.dimension
            || manifest.distance != configuration.distance
        {
            throw VectorsError.damaged(
                object: manifests.object,
                reason: "it is of dimension \(manifest.dimension) and \(manifest.distance), not "
                    + "\(configuration.dimension) and \(configuration.distance)")
        }
        return (present, manifest)
    }

    private func listSegments() async throws -> [String] {
        var objects: [String] = []
        while true {
            let last = objects.last
            let page = try await manifests.requests.run(segmentFolder) {
                try await machine.objectStore.list(
                    prefix: segmentFolder, after: last, limit: 1000)
            }
            objects.append(contentsOf: page.map(\.key))
            if page.count < 1000 { return objects }
        }
    }

    private func loadSegments() async throws {
        guard let manifest = stored?.manifest else { return }
        for part in manifest.segments {
            let bytes: [UInt8]
            do {
                bytes = try await manifests.requests.run(part.object) {
                    try await self.machine.objectStore.get(part.object)
                }
            } catch ObjectStoreError.notFound {
                throw VectorsError.damaged(object: part.object, reason: "it is gone")
            }
            let segment = try VectorSegment(object: part.object, bytes: bytes)
            let graph = segment.points.graph
            guard segment.pointCount == part.pointCount,
                graph.dimension == manifest.dimension, graph.distance == manifest.distance
            else {
                throw VectorsError.damaged(
                    object: part.object, reason: "it is not the segment that the manifest names")
            }
            for point in 0..<Int32(segment.pointCount) where part.deleted.contains(point) {
                segment.points.delete(point)
            }
            segments.append(segment)
            savedObjects.insert(part.object)
        }
    }
}
