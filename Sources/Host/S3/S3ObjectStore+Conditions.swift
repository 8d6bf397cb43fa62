import Platform

extension S3ObjectStore {
    /// Holds the store to its conditions: those that it ignores in silence are found out here.
    ///
    /// Without them two writers of one manifest would both believe to have won, so a store that
    /// has none must not be used.
    ///
    /// - Returns: What is wrong with the store, or nil.
    func refusal() async throws -> String? {
        let key = ".wavetank/conditions-\(UInt64.random(in: .min ... .max))"
        let first: ObjectTag
        do { first = try await put([1], at: key, .ifAbsent) } catch let error as ObjectStoreError {
            return "a first object could not be put there: \(error)"
        }
        var reason = try await accepted([2], at: key, .ifAbsent, "If-None-Match: *")
        if reason == nil {
            let second = try await put([3], at: key, .ifMatches(first))
            reason =
                second == first
                ? "two contents of an object have one tag"
                : try await accepted([4], at: key, .ifMatches(first), "If-Match")
        }
        if reason == nil, try await get(key) != [3] {
            reason = "a read does not return what was written before it"
        }
        try await delete(key)
        if reason == nil { bucket.listsByFolder = try await listsByFolder() }
        return reason
    }

    private func listsByFolder() async throws -> Bool {
        let folder = ".wavetank/order-\(UInt64.random(in: .min ... .max))/"
        let keys = [folder + "a-b", folder + "a/b"]
        for key in keys { _ = try await put([], at: key, .always) }
        let found = try await listed(prefix: folder, after: nil, limit: 2).map(\.key)
        for key in keys { try await delete(key) }
        return found != keys
    }

    private func accepted(
        _ bytes: [UInt8], at key: String, _ condition: PutCondition, _ header: String
    ) async throws -> String? {
        do {
            _ = try await put(bytes, at: key, condition)
            return "it ignores \(header), so two writers of one object would both win; take a "
                + "store with conditional writes, as S3, SeaweedFS or MinIO"
        } catch ObjectStoreError.preconditionFailed {
            return nil
        }
    }
}
