import Platform

/// A manifest as it stands in the object store.
struct StoredVectorManifest {
    var manifest: VectorManifest
    var object: VectorManifestStore.Content
}

/// The one manifest object of an index, changed by compare-and-swap only.
final class VectorManifestStore {
    struct Content: Hashable {
        var bytes: [UInt8]
        var tag: ObjectTag
    }

    let object: String
    let requests: StoreRequests

    init(_ requests: StoreRequests, object: String) {
        self.requests = requests
        self.object = object
    }

    /// The present content and its tag, or nil if there is none.
    func read() async throws -> Content? {
        let store = requests.machine.objectStore
        return try await requests.tryUntilDone(object) {
            do {
                guard let before = try await store.head(object) else { return .some(nil) }
                let bytes = try await store.get(object)
                // Nobody exchanged it between the two, so the tag is that of the bytes: a content
                // never comes back, because generations grow.
                let after = try await store.head(object)
                return after?.tag == before.tag ? Content(bytes: bytes, tag: before.tag) : nil
            } catch ObjectStoreError.throttled, ObjectStoreError.outcomeUnknown,
                ObjectStoreError.notFound
            {
                return nil
            }
        }
    }

    func decode(_ content: Content) throws -> StoredVectorManifest {
        StoredVectorManifest(
            manifest: try VectorManifest(bytes: content.bytes, object: object), object: content)
    }

    /// Puts `manifest`, with the next generation, in the place of `base`.
    ///
    /// After an answer that leaves the outcome open the store is asked what it holds: ours (done),
    /// what was there before (once more), or another writer's (`VectorsError.fenced`).
    func replace(
        _ base: StoredVectorManifest?, with manifest: VectorManifest
    ) async throws -> StoredVectorManifest {
        let observer = requests.machine.observer
        var base = base
        var manifest = manifest
        return try await requests.tryUntilDone(object) {
            manifest.generation = (base?.manifest.generation ?? 0) + 1
            let bytes = manifest.encoded()
            do {
                let tag = try await requests.machine.objectStore.put(
                    bytes, at: object, base.map { .ifMatches($0.object.tag) } ?? .ifAbsent)
                return StoredVectorManifest(
                    manifest: manifest, object: Content(bytes: bytes, tag: tag))
            } catch ObjectStoreError.throttled {
                return nil
            } catch ObjectStoreError.preconditionFailed, ObjectStoreError.notFound,
                ObjectStoreError.outcomeUnknown
            {
                observer.reached("vector manifest read back")
            }
            let present = try await read()
            if let present, present.bytes == bytes {
                observer.reached("vector manifest of unknown outcome adopted")
                return StoredVectorManifest(manifest: manifest, object: present)
            }
            if present?.tag == base?.object.tag { return nil }
            guard let present else {
                throw VectorsError.damaged(object: object, reason: "it was deleted")
            }
            let other = try decode(present)
            if other.manifest.writer != manifest.writer {
                throw VectorsError.fenced(object: object, epoch: other.manifest.epoch)
            }
            // An earlier checkpoint of ours, given up for lost, has arrived after all.
            observer.reached("vector manifest arrived late")
            base = other
            return nil
        }
    }
}
