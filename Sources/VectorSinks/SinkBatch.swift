import Platform

/// Changes of one bucket that go to the service together, of each key the newest alone.
///
/// So no point is ever written as it was in the middle of a batch, and the requests of a batch may
/// take effect in any order, and more than once.
struct SinkBatch {
    /// All changes of the bucket from there on that the batch stands for.
    let startOffset: Int64
    private(set) var endOffset: Int64
    private var newest: [PointIdentifier: SinkChange] = [:]

    init(from offset: Int64) {
        startOffset = offset
        endOffset = offset
    }

    var pointCount: Int { newest.count }

    var isEmpty: Bool { newest.isEmpty }

    mutating func add(_ page: ChangePage) {
        precondition(page.nextOffset >= endOffset, "a log was read backwards")
        for change in page.changes {
            precondition(change.offset >= endOffset, "a change was read before")
            newest[change.identifier] = change
        }
        endOffset = page.nextOffset
    }

    /// Points for the collection of a vector column, by its place among them, in the order of
    /// their versions.
    func upserts(_ column: Int) -> [VectorPoint] { inOrder.compactMap { $0.point(column) } }

    /// In the order of their versions.
    func deletions(_ column: Int) -> [PointVersion] {
        inOrder.compactMap { change in
            change.effects[column] == .none
                ? PointVersion(change.identifier, version: change.offset) : nil
        }
    }

    private var inOrder: [SinkChange] { newest.values.sorted { $0.offset < $1.offset } }
}
