/// How often readers ask, all of them together; what is nil is not asked.
///
/// Questions come at an even pace whether the last one was answered or not, as from many users.
public struct ReadRates: Sendable, Hashable {
    /// Of some keys in a bucket.
    public var lookups: EventRate?
    /// Of a hundred rows after a key.
    public var scans: EventRate?
    /// Of the nearest rows in the vector index.
    public var searches: EventRate?
    /// Of the rows of a whole table that are nearest, mostly among those that pass a filter.
    public var nearRows: EventRate?
    /// Of a whole table over log and lake.
    public var unionReads: EventRate?
    /// Of the next changes of a bucket, by services that go on from a saved offset.
    public var follows: EventRate?
    /// Of the rows of a log that pass a filter, which has servers leave out batches.
    public var filters: EventRate?
    /// Of the next changes of a bucket, by consumers whose offsets the cluster keeps.
    public var consumes: EventRate?

    public var isEmpty: Bool {
        lookups == nil && scans == nil && searches == nil && nearRows == nil
            && unionReads == nil && follows == nil && filters == nil && consumes == nil
    }
}

extension ReadRates {
    static let fields = [
        Field("lookups", .rate, .optional, "lookups of a few keys, over all readers"),
        Field("scans", .rate, .optional, "scans of a hundred rows"),
        Field("searches", .rate, .optional, "searches of near vectors"),
        Field("nearRows", .rate, .optional, "searches of near rows of whole tables, with filters"),
        Field("unionReads", .rate, .optional, "reads of a whole table over log and lake"),
        Field("follows", .rate, .optional, "fetches by services that go on from a saved offset"),
        Field("filters", .rate, .optional, "fetches of the rows of a log that pass a filter"),
        Field("consumes", .rate, .optional, "fetches by consumers whose offsets the cluster keeps"),
    ]

    init(_ record: CheckedRecord) {
        func rate(_ name: String) -> EventRate? { record.has(name) ? record.rate(name) : nil }
        self.init(
            lookups: rate("lookups"), scans: rate("scans"), searches: rate("searches"),
            nearRows: rate("nearRows"), unionReads: rate("unionReads"), follows: rate("follows"),
            filters: rate("filters"), consumes: rate("consumes"))
    }
}
