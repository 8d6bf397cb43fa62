public import Changelog
import Columnar
import KeyValue

/// What the bytes of a call's frame, or of its answer's, are for.
public struct FrameAnatomy: Hashable, Sendable {
    public enum Kind: Sendable {
        /// Writes, and their acknowledgements.
        case write
        /// Fetches of followers, and what they are answered.
        case replication
        /// Fetches of those who read the log.
        case subscription
        /// Lookups, scans, searches and questions for offsets.
        case read
        case other
    }

    public var kind: Kind
    /// Of the batches in the frame, and of rows that are written or answered.
    public var batches = BatchAnatomy()
    /// All other bytes of the frame.
    public var envelope: Int

    /// - Parameter isCall: Whether the frame went to a node's port.
    public init(of frame: [UInt8], isCall: Bool) {
        kind = .other
        envelope = frame.count
        var reader = ByteReader(frame)
        guard (try? reader.skip(4)) != nil, let header = try? CallHeader(from: &reader),
            let key = APIKey(rawValue: header.key)
        else { return }
        kind = Self.kind(of: key)
        if isCall {
            guard let request = try? Request(key, header.version, from: &reader) else { return }
            count(request, header.version)
        } else {
            guard let response = try? Response(from: &reader) else { return }
            count(response, header.version)
        }
        envelope -= batches.headers + batches.arrow + batches.records + batches.other
    }

    private static func kind(of key: APIKey) -> Kind {
        switch key {
        case .produceLog, .putKeyValue: .write
        case .fetchLog: .replication
        case .lookup, .limitScan, .prefixLookup, .scanKeyValue, .listOffsets, .searchVectors:
            .read
        default: .other
        }
    }

    private mutating func count(_ bytes: [UInt8], isPacked: Bool) {
        let more = isPacked ? BatchAnatomy(ofPacked: bytes) : BatchAnatomy(ofBatches: bytes)
        batches.headers += more.headers
        batches.arrow += more.arrow
        batches.records += more.records
        batches.other += more.other
    }

    private mutating func count(_ request: Request, _ version: Int16) {
        switch request {
        case .produce(let request): count(request.batch, isPacked: version >= 1)
        case .upsert(let request): batches.records = request.byteCount
        case .fetch(let request): if request.replica == nil { kind = .subscription }
        default: break
        }
    }

    private mutating func count(_ response: Response, _ version: Int16) {
        switch response {
        case .fetched(let buckets), .filtered(let buckets, _):
            for bucket in buckets { count(bucket.batches, isPacked: version >= 2) }
        case .rows(let rows, _): batches.records = rows.reduce(0) { $0 + ($1?.count ?? 0) }
        case .page(let page): batches.records = page.rows.byteCount
        case .rowScan(let step): batches.records = step.page.rows.byteCount
        default: break
        }
    }
}
