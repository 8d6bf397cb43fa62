public import JSON

/// List prices of an object store, as a settings file gives them.
public struct BenchPrices: Sendable, Hashable {
    /// Whose prices, where they are listed, and as of when.
    public var source: String
    /// In billionths of a dollar for a request.
    public var put: Int
    public var get: Int
    public var head: Int
    public var list: Int
    public var delete: Int
    /// In billionths of a dollar for a GiB over a month.
    public var storedGibibyteMonth: Int

    public init(
        source: String, put: Int, get: Int, head: Int, list: Int, delete: Int,
        storedGibibyteMonth: Int
    ) {
        self.source = source
        self.put = put
        self.get = get
        self.head = head
        self.list = list
        self.delete = delete
        self.storedGibibyteMonth = storedGibibyteMonth
    }

    public init(json: JSONValue) throws(JSONError) {
        let root = JSONField(value: json, path: "")
        let requests = try root.required("nanodollarsPerRequest")
        self.init(
            source: try root.required("source").string(),
            put: try requests.required("put").integer(as: Int.self),
            get: try requests.required("get").integer(as: Int.self),
            head: try requests.required("head").integer(as: Int.self),
            list: try requests.required("list").integer(as: Int.self),
            delete: try requests.required("delete").integer(as: Int.self),
            storedGibibyteMonth: try root.required("nanodollarsPerStoredGibibyteMonth")
                .integer(as: Int.self))
    }

    func cost(puts: Int, gets: Int, heads: Int, lists: Int, deletes: Int) -> Int {
        puts * put + gets * get + heads * head + lists * list + deletes * delete
    }
}
