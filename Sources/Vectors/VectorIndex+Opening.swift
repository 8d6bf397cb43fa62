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
        let manifest = try await index.claim(rebuilding: rebuilding)
        index.consumedOffset = manifest.consumedOffset
        try await index.loadSegments(of: manifest)
        try await index.collect()
        return index
    }

    /// Opens a copy of the index under `prefix` as it is in the store, beside whoever owns it.
    ///
    /// Apply the changelog from `consumedOffset`, as for an owner; a copy answers as well, and
    /// writes nothing before it takes over.
    ///
    /// - Throws: `VectorsError.damaged` or `.unavailable`.
    public static func openCopy(
        _ machine: Machine, prefix: String, configuration: VectorIndexConfiguration
    ) async throws -> VectorIndex {
        let requests = StoreRequests(machine, configuration)
        let manifests = VectorManifestStore(requests, object: "\(prefix)/manifest.json")
        for _ in 0..<configuration.attemptLimit {
            let index = VectorIndex(
                machine, configuration, prefix: prefix, epoch: 0, manifests: manifests)
            guard let object = try await manifests.read() else { return index }
            let manifest = try manifests.decode(object).manifest
            try index.checkShape(of: manifest)
            do { try await index.loadSegments(of: manifest) } catch let error as VectorsError {
                let present = try await manifests.read()
                // The owner has merged its segments meanwhile, and deleted what it had before.
                if case .damaged = error, present?.tag != object.tag { continue }
                throw error
            }
            index.consumedOffset = manifest.consumedOffset
            index.durableOffset = manifest.consumedOffset
            return index
        }
        throw VectorsError.unavailable(object: manifests.object)
    }

    /// Makes the owner a copy: another one has the index, or will have it.
    public func stepDown() { isOwner = false }

    /// Makes a copy, with all that it holds, the owner: the one before is fenced.
    ///
    /// What is durable stays as it is until the next checkpoint. Where the one before had come
    /// farther than this copy, `durableOffset` says so.
    ///
    /// - Throws: `VectorsError.fenced` if a later epoch has taken it, `.damaged` or `.unavailable`:
    ///   it is a copy still then.
    public func takeOver(epoch: Int64) async throws {
        try await gate.run {
            self.epoch = epoch
            let manifest = try await claim(rebuilding: false)
            // What the manifest does not name may be deleted, or be deleted yet.
            let named = Set(manifest.segments.map(\.object))
            for segment in segments where !named.contains(segment.object) {
                segment.rename(nextObject())
            }
            savedObjects = named.intersection(segments.map(\.object))
            changeCount += 1
            machine.observer.reached("vector index taken over by its copy")
            try await collect()
        }
    }

    /// Writes a manifest of this opening over the one there is, whoever's it is, unless it is
    /// newer; answers what it says.
    private func claim(rebuilding: Bool) async throws -> VectorManifest {
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
            durableOffset = claimed.consumedOffset
            formersLandedAt = machine.clock.now + configuration.landingTime
            isOwner = true
            return claimed
        }
        throw VectorsError.unavailable(object: manifests.object)
    }

    /// What to claim: the tag to replace, and the content to carry over.
    private func readManifest(
        rebuilding: Bool
    ) async throws -> (present: StoredVectorManifest?, carried: VectorManifest) {
        let empty = VectorManifest(
            generation: 0, epoch: epoch, writer: writer, dimension: configuration.dimension,
            distance: configuration.distance, quantization: configuration.quantization,
            attributes: configuration.attributes, consumedOffset: 0, segments: [], garbage: [])
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
        try checkShape(of: present.manifest)
        return (present, present.manifest)
    }

    private func checkShape(of manifest: VectorManifest) throws(VectorsError) {
        let found = (
            manifest.dimension, manifest.distance, manifest.quantization, manifest.attributes
        )
        let wanted = (
            configuration.dimension, configuration.distance, configuration.quantization,
            configuration.attributes
        )
        if found != wanted {
            throw .damaged(
                object: manifests.object,
                reason: "it is of dimension, distance, quantization and attributes \(found), not "
                    + "\(wanted)")
        }
    }

    func listSegments() async throws -> [String] {
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

    private func loadSegments(of manifest: VectorManifest) async throws {
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
                graph.dimension == manifest.dimension, graph.distance == manifest.distance,
                graph.quantization == manifest.quantization,
                segment.points.attributes.count == manifest.attributes.count
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
