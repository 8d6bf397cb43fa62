import KeyValue

/// A scan of a bucket's rows as they were at one moment, from the first page to the last.
///
/// The leader keeps that moment under a lease that each page renews. If it is lost, because the
/// lease ended or another server leads, `next` throws `.scanExpired`: what was read so far is of a
/// moment that nobody has any more, so begin anew with another scan.
public final class SnapshotScan {
    public let bucket: BucketIdentifier
    /// All changes below this offset are in the rows, none from there on; nil before the first
    /// page.
    public private(set) var offset: Int64?
    private let client: ClusterClient
    private let prefix: [UInt8]
    private let pageLimit: Int
    private var scan: Int64?
    private var last: [UInt8]?
    /// Whether the last page was read, or the scan ended.
    public private(set) var isDone = false

    /// `prefix` limits the scan to keys whose bytes begin so.
    public init(
        _ client: ClusterClient, _ bucket: BucketIdentifier, prefix: [UInt8] = [],
        pageLimit: Int = 1000
    ) {
        precondition(pageLimit > 0, "pages without rows")
        self.client = client
        self.bucket = bucket
        self.prefix = prefix
        self.pageLimit = pageLimit
    }

    /// The next rows in key order, each with its encoded key; nil after the last.
    public func next() async throws -> [(key: [UInt8], row: [UInt8])]? {
        if isDone { return nil }
        let step = try await ask(limit: pageLimit)
        precondition(
            offset == nil || offset == step.page.offset, "a scan of \(bucket) changed its moment")
        offset = step.page.offset
        scan = step.scan
        last = step.page.rows.last?.key ?? last
        if step.page.isLast {
            isDone = true
            try await end()
        }
        return step.page.rows.map { ($0.key, $0.value) }
    }

    /// Lets the leader forget the scan before its lease ends; that it does not answer is no matter.
    public func end() async throws {
        isDone = true
        guard scan != nil else { return }
        do { _ = try await ask(limit: 0) } catch is ClusterError {}
        scan = nil
    }

    private func ask(limit: Int) async throws -> RowScanPage {
        let request = RowScanRequest(
            bucket: bucket, scan: scan, prefix: prefix, after: last, limit: limit)
        let response: Response
        do {
            response = try await client.callLeader(of: bucket, .scanRows(request))
        } catch let error as ClusterError where error.isRetriable && scan != nil {
            // Whoever leads now knows nothing of it.
            if case .notLeader = error { throw ClusterError.scanExpired(bucket) }
            throw error
        }
        guard case .rowScan(let step) = response else {
            throw ClusterError.malformedMessage(reason: "no answer to a scan of \(bucket)")
        }
        return step
    }
}
