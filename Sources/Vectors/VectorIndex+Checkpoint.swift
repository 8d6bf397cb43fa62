import Platform

extension VectorIndex {
    /// Makes everything applied so far durable and answers `durableOffset`.
    ///
    /// Segments first, the manifest that names them last, and only then are objects deleted that
    /// neither it nor any later manifest can name. Changes may be applied while it waits; they
    /// belong to the next checkpoint.
    ///
    /// One that took over an index which had come farther writes nothing before it has come as far.
    ///
    /// - Throws: `VectorsError.unavailable` if the store did not answer (nothing is lost: try again
    ///   later), `.fenced` if the bucket has another indexer now: this is a copy from then on.
    @discardableResult
    public func checkpoint() async throws -> Int64 {
        try await gate.run {
            if changeCount == durableChangeCount || consumedOffset < durableOffset {
                // What could not be deleted then may be now.
                if isOwner { try await collect() }
                return durableOffset
            }
            if !isOwner { throw VectorsError.fenced(object: manifests.object, epoch: epoch) }
            seal()
            try await mergeSegments()
            do { try await write() } catch let error as VectorsError {
                if case .fenced = error { isOwner = false }
                throw error
            }
            try await collect()
            return durableOffset
        }
    }

    /// Merges the segments of a copy, of which nothing is written.
    public func tidy() async throws {
        try await gate.run {
            segments.removeAll { $0.liveCount == 0 }
            try await mergeSegments()
        }
    }

    /// Saves the segments as they are now, then the manifest.
    private func write() async throws {
        if hotPointCount > 0 { seal() }
        segments.removeAll { $0.liveCount == 0 }
        let segments = segments
        let manifest = manifest()
        let changeCount = changeCount
        for segment in segments where !savedObjects.contains(segment.object) {
            knownObjects.insert(segment.object)
            let bytes = segment.encoded()
            // No condition is needed: nobody else writes this name, and always these bytes.
            var attemptCount = 0
            try await manifests.requests.run(segment.object) {
                attemptCount += 1
                // Told before the answer: there may be none.
                if attemptCount > 1 { self.doubtfulObjects.insert(segment.object) }
                _ = try await self.machine.objectStore.put(bytes, at: segment.object, .always)
            }
            savedObjects.insert(segment.object)
        }
        if machine.observer.shouldDisturb("vector checkpoint waits before its manifest") {
            try await machine.sleep(configuration.retryWait)
        }
        let written = try await manifests.replace(stored, with: manifest)
        stored = written
        durableOffset = written.manifest.consumedOffset
        durableChangeCount = changeCount
    }

    /// What is true now.
    func manifest() -> VectorManifest {
        let segments = segments.map {
            VectorManifest.Segment(
                object: $0.object, pointCount: $0.pointCount, deleted: $0.points.deleted)
        }
        let garbage = knownObjects.subtracting(segments.map(\.object)).sorted()
        return VectorManifest(
            generation: 0, epoch: epoch, writer: writer, dimension: configuration.dimension,
            distance: configuration.distance, quantization: configuration.quantization,
            attributes: configuration.attributes, consumedOffset: consumedOffset,
            segments: segments, garbage: garbage)
    }

    /// Deletes the objects that the durable manifest gives up.
    ///
    /// No manifest written before it can still take effect, since the store would see an old tag,
    /// and none written after it can name them.
    func collect() async throws {
        guard let manifest = stored?.manifest, manifest.writer == writer else { return }
        let kept = Set(segments.map(\.object))
        for object in manifest.garbage where knownObjects.contains(object) {
            precondition(!kept.contains(object), "an object in use was given up")
            do {
                try await machine.objectStore.delete(object)
            } catch is ObjectStoreError {
                // It stays in `knownObjects`, and so in the next manifest's garbage.
                machine.observer.reached("vector garbage outlives a failed delete")
                continue
            }
            knownObjects.remove(object)
            savedObjects.remove(object)
            if doubtfulObjects.remove(object) != nil {
                lapsed.append((object, machine.clock.now))
            }
        }
        do { try await collectLate(manifest) } catch is ObjectStoreError {
        } catch is VectorsError {
            // What is left is tried again the next time.
        }
    }

    /// Deletes what landed in the store after it was given up: by uploads of this opening that had
    /// no answer, and by those of earlier openings.
    ///
    /// A segment of an earlier opening that the durable manifest does not name never will be named:
    /// that opening is fenced, and a later one carries over what the manifest names.
    private func collectLate(_ manifest: VectorManifest) async throws {
        let landingTime = configuration.landingTime
        while let first = lapsed.first, machine.clock.now - first.at >= landingTime {
            try await machine.objectStore.delete(first.object)
            lapsed.removeFirst()
        }
        guard let formersLandedAt, machine.clock.now >= formersLandedAt else { return }
        let kept = Set(manifest.segments.map(\.object)).union(knownObjects)
        let own = "\(segmentFolder)\(writer)-"
        for object in try await listSegments()
        where !object.hasPrefix(own) && !kept.contains(object) {
            try await machine.objectStore.delete(object)
            machine.observer.reached("vector segment of an earlier opening landed late")
        }
        self.formersLandedAt = nil
    }

    // MARK: Merging

    /// Merges segments of about one size, and rebuilds those that are mostly deleted.
    ///
    /// Changes may be applied meanwhile: the sources stay in the index until the end, and what was
    /// deleted from them by then is deleted from the merged segment as well.
    private func mergeSegments() async throws {
        while let sources = nextMerge() {
            let merged = VectorIndex.newPoints(configuration)
            var origins: [(points: PointGraph, point: Int32)] = []
            for source in sources {
                for point in source.points.livePoints { origins.append((source.points, point)) }
            }
            for (index, origin) in origins.enumerated() {
                let points = origin.points
                let node = points.nodes[Int(origin.point)]
                _ = merged.append(
                    points.keys[Int(origin.point)], points.graph.kept(node),
                    offset: points.offsets[Int(origin.point)],
                    attributes: points.attributes(of: origin.point))
                if index % configuration.mergeStepCount == configuration.mergeStepCount - 1 {
                    try await machine.sleep(.zero)
                }
            }
            for (index, origin) in origins.enumerated() where !origin.points.isLive(origin.point) {
                machine.observer.reached("vector deleted while its segments were merged")
                merged.delete(Int32(index))
            }
            let dropped = Set(sources.map(\.object))
            let place = segments.firstIndex { dropped.contains($0.object) }!
            segments.insert(VectorSegment(object: nextObject(), merged), at: place)
            segments.removeAll { dropped.contains($0.object) }
            machine.observer.reached("vector segments merged")
        }
    }

    /// The segments to merge next, or nil if all is well.
    private func nextMerge() -> [VectorSegment]? {
        if let thin = segments.first(where: { 0 < $0.liveCount && $0.liveCount * 2 < $0.pointCount }
        ) {
            return [thin]
        }
        for tier in 0..<32 {
            let members = segments.filter {
                $0.liveCount > 0 && VectorIndex.tier($0.liveCount) == tier
            }
            let chosen = Array(members.prefix(configuration.mergeCount))
            let total = chosen.reduce(0) { $0 + $1.liveCount }
            if chosen.count == configuration.mergeCount && total <= configuration.segmentPointLimit
            {
                return chosen
            }
        }
        return nil
    }

    /// Sizes within a factor of four are one tier.
    private static func tier(_ count: Int) -> Int { (Int.bitWidth - count.leadingZeroBitCount) / 2 }
}
