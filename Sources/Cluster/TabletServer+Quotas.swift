import KeyValue

extension TabletServer {
    /// Answers a client: what it writes waits until its quota allows it, and what it has read is
    /// counted, so that its next question waits.
    func answer(_ request: Request, forClient client: String) async throws -> Response {
        if configuration.clientQuota == Quota() { return try await answer(request) }
        let place = request.bucket
        try await quotas.admit(client, .requests, 1, about: place)
        if let byteCount = request.producedByteCount {
            try await quotas.admit(client, .producedBytes, byteCount, about: place)
            return try await answer(request)
        }
        try await quotas.admit(client, .fetchedBytes, 0, about: place)
        let response = try await answer(request)
        quotas.charge(client, .fetchedBytes, response.fetchedByteCount, about: place)
        return response
    }
}

extension Request {
    /// What a client writes; nil if it writes nothing.
    fileprivate var producedByteCount: Int? {
        switch self {
        case .produce(let request): request.batch.count
        case .upsert(let request): request.byteCount
        case .insertIfAbsent(_, let keys): keys.reduce(0) { $0 + $1.count }
        default: nil
        }
    }

    /// The one bucket that it is about; nil if it is about several, or none.
    fileprivate var bucket: BucketIdentifier? {
        switch self {
        case .produce(let request): request.bucket
        case .upsert(let request): request.bucket
        case .fetch(let request): request.parts.count == 1 ? request.parts[0].bucket : nil
        case .lookup(let bucket, _), .insertIfAbsent(let bucket, _), .scan(let bucket, _, _),
            .prefixLookup(let bucket, _, _, _):
            bucket
        case .scanRows(let request): request.bucket
        default: nil
        }
    }
}

extension Response {
    /// What a client gets to read, in bytes of batches, keys and rows.
    fileprivate var fetchedByteCount: Int {
        switch self {
        case .fetched(let buckets), .filtered(let buckets, _):
            buckets.reduce(0) { $0 + $1.batches.count }
        case .rows(let rows, _): rows.reduce(0) { $0 + ($1?.count ?? 0) }
        case .page(let page): page.rows.byteCount
        case .rowScan(let step): step.page.rows.byteCount
        default: 0
        }
    }
}
