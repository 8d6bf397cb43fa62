extension WebRoute {
    private static let databases = "/api/v1/databases"
    private static let database = databases + "/{database}"
    private static let tablesOfOne = database + "/tables"
    private static let table = tablesOfOne + "/{table}"

    /// All that there is, the lake's catalog and files aside, which have protocols of their own.
    static let all = pages + states + definitions + placement + rows + [question]

    private static let pages = [
        WebRoute(
            "GET", "/", .page, "A page for people, which shows the cluster as it is",
            answers: .text("text/html"), refusals: [404]),
        WebRoute(
            "GET", "/page.css", .pageStyle, "The style of the page", answers: .text("text/css"),
            refusals: [404]),
        WebRoute(
            "GET", "/page.js", .pageScript, "What the page does",
            answers: .text("text/javascript"), refusals: [404]),
    ]

    private static let states = [
        WebRoute(
            "GET", "/health", .health, "Whether the process lives", answers: .text("text/plain")),
        WebRoute(
            "GET", "/ready", .ready, "Whether the cluster can be used",
            answers: .text("text/plain"),
            refusals: [503]),
        WebRoute(
            "GET", "/metrics", .metrics, "Metrics as OpenMetrics has them",
            answers: .text("application/openmetrics-text")),
        WebRoute(
            "GET", "/openapi.json", .description, "This description",
            answers: .json("Description", [200])),
        WebRoute(
            "GET", "/api/v1/cluster", .cluster, "The servers and the services' leaders",
            answers: .json("Cluster", [200])),
        WebRoute(
            "GET", "/api/v1/tables", .tables, "All tables, briefly", answers: .json("Tables", [200])
        ),
        WebRoute(
            "GET", "/api/v1/partitions", .partitions, "The partitions of all tables that have some",
            answers: .json("Partitions", [200])),
        WebRoute(
            "GET", "/api/v1/buckets", .buckets, "All buckets, with their leaders and offsets",
            answers: .json("Buckets", [200]), refusals: [503]),
        WebRoute(
            "GET", "/api/v1/leaders", .leaders, "How many buckets each server leads",
            answers: .json("Leaders", [200])),
        WebRoute(
            "GET", "/api/v1/lag", .lag,
            "How far replicas, the remote log, row snapshots and the lake are behind each bucket",
            answers: .json("Lags", [200]), refusals: [503]),
        WebRoute(
            "GET", "/api/v1/lake", .lake, "How far each table is in the lake",
            answers: .json("Tables", [200]), refusals: [503]),
    ]

    private static let definitions = [
        WebRoute(
            "GET", databases, .listDatabases, "The names of all databases",
            answers: .json("Databases", [200])),
        WebRoute(
            "POST", databases, .createDatabase, "Creates a database; 200 if it is there as asked",
            body: .json("NewDatabase"), answers: .json("Database", [200, 201]),
            refusals: [409, 413, 415, 422, 503, 504]),
        WebRoute(
            "GET", database, .describeDatabase, "What a database is",
            answers: .json("Database", [200]),
            refusals: [404]),
        WebRoute(
            "DELETE", database, .dropDatabase, "Drops a database",
            [Parameter("cascade", .boolean, "Whether its tables go with it")], answers: .nothing,
            refusals: [404, 409, 422, 503, 504]),
        WebRoute(
            "GET", tablesOfOne, .listTables, "The names of a database's tables",
            answers: .json("TableNames", [200]), refusals: [404]),
        WebRoute(
            "POST", tablesOfOne, .createTable, "Creates a table; 200 if it is there as asked",
            body: .json("NewTable"), answers: .json("Table", [200, 201]),
            refusals: [404, 409, 413, 415, 422, 503, 504]),
        WebRoute(
            "GET", table, .describeTable, "What a table is, in the JSON of Apache Fluss",
            answers: .json("Table", [200]), refusals: [404]),
        WebRoute(
            "PATCH", table, .alterTable, "Changes the columns and properties of a table",
            body: .json("TableChanges"), answers: .json("Table", [200]),
            refusals: [404, 409, 413, 415, 422, 503, 504]),
        WebRoute(
            "DELETE", table, .dropTable, "Drops a table with all its rows", answers: .nothing,
            refusals: [404, 503, 504]),
    ]

    // MARK: Placement

    private static let rebalance = "/api/v1/rebalance"
    private static let reassignment = table + "/buckets/{bucket}/reassignment"
    private static let partition = Parameter(
        "partition", .text, "The name of the partition that has the bucket, of a table with some")
    private static let changeRefusals = [404, 409, 413, 415, 422, 503, 504]

    private static let placement = [
        WebRoute(
            "GET", rebalance, .rebalance,
            "The rebalance that is under way, or was last: its moves, and what came of each",
            answers: .json("Rebalance", [200]), refusals: [404]),
        WebRoute(
            "POST", rebalance, .beginRebalance,
            "Spreads replicas and leaders evenly over the servers, a few buckets at a time",
            body: .json("NewRebalance"), answers: .json("Rebalance", [200]),
            refusals: changeRefusals),
        WebRoute(
            "DELETE", rebalance, .cancelRebalance,
            "Ends a rebalance before its end: what is under way goes back",
            [Parameter("identifier", .integer(1...Int64.max), "The one that is meant")],
            answers: .nothing, refusals: changeRefusals),
        WebRoute(
            "POST", reassignment, .reassign,
            "Has the replicas of a bucket move to other servers while it serves; done at the end "
                + "of that, as the buckets tell",
            [partition], body: .json("NewReassignment"),
            answers: .json("BucketPlacement", [200]), refusals: changeRefusals),
        WebRoute(
            "DELETE", reassignment, .cancelReassignment,
            "Has the replicas of a bucket go back to where they were, if they are under way",
            [partition], answers: .json("BucketPlacement", [200]), refusals: changeRefusals),
    ]

    // MARK: Rows

    private static let formats = Parameter(
        "format", .choice(RowFormat.allCases.map(\.rawValue)),
        "The form of the answer, whatever Accept says")
    private static let columns = Parameter(
        "columns", .text, "Names of the wanted columns, with commas between; all if left out")
    private static let filter = Parameter("filter", .json("Filter"), "What a row has to fulfil")

    private static let writing = [
        Parameter(
            "writer", .integer(0...Int64.max),
            "A writer that was drawn before: the request is carried out once however often it is "
                + "sent"),
        Parameter(
            "sequence", .integer(0...Int64(Int32.max)),
            "Counts the writer's requests to the table, from 0"),
    ]

    private static let writeRefusals = [404, 409, 413, 415, 422, 503, 504]

    private static let rows = [
        WebRoute(
            "POST", "/api/v1/writers", .createWriter,
            "Draws a writer that no other has or will have", answers: .json("Writer", [201]),
            refusals: [503, 504]),
        WebRoute(
            "POST", table + "/rows", .writeRows,
            "Appends rows to a log table, or upserts those of a table with a primary key",
            writing + [
                Parameter(
                    "partial", .boolean,
                    "Whether columns that are not given keep their values, instead of null")
            ], body: .rows("GivenRows"), answers: .json("Written", [200]), refusals: writeRefusals),
        WebRoute(
            "POST", table + "/rows/delete", .deleteRows, "Deletes the rows of some primary keys",
            writing, body: .rows("GivenRows"), answers: .json("Written", [200]),
            refusals: writeRefusals),
        WebRoute(
            "POST", table + "/rows/lookup", .lookUpRows,
            "The rows of some primary keys, null where there is none; Arrow leaves these out",
            [
                Parameter(
                    "prefix", .boolean, "Whether all rows are wanted whose keys begin so"),
                columns, formats,
            ], body: .rows("GivenRows"), answers: .rows("FoundRows"),
            refusals: [404, 406, 413, 415, 422, 503]),
        WebRoute(
            "POST", table + "/rows/nearest", .findNearestRows,
            "The rows whose indexed vectors are nearest to one, with their distances",
            [formats], body: .json("Nearness"), answers: .rows("NearRows"),
            refusals: [404, 406, 413, 415, 422, 503]),
        WebRoute(
            "GET", table + "/rows", .readRows,
            "The rows of a table at one moment, out of the lake and the log; in no order",
            [
                columns, filter,
                Parameter("limit", .integer(0...1_000_000_000), "At most so many rows"),
                Parameter("snapshot", .integer(Int64.min...Int64.max), "As this lake snapshot"),
                Parameter("reference", .text, "As this branch or tag of the lake table"),
                Parameter(
                    "time", .text,
                    "As the lake was at a time: 2026-11-28T12:00:00Z, or milliseconds since 1970"),
                Parameter(
                    "offsets", .text,
                    "As of these offsets, one a bucket, as an answer's wavetank-offsets has them"),
                Parameter(
                    "system", .boolean, "Whether bucket, offset and time of each row are wanted"),
                formats,
            ], answers: .rows("Rows"), refusals: [404, 406, 409, 410, 422, 503]),
        WebRoute(
            "GET", table + "/changes", .readChanges,
            "The changelog of a table; go on from where the answer's wavetank-next says",
            [
                Parameter(
                    "from", .text,
                    "earliest, latest, or what wavetank-next said, such as 0:17,1:12"),
                Parameter(
                    "time", .text,
                    "From what was committed then or later: 2026-11-28T12:00:00Z, or milliseconds "
                        + "since 1970"),
                Parameter("limit", .integer(1...1_000_000), "At most so many changes; 10000"),
                Parameter(
                    "wait", .integer(0...30_000),
                    "How many milliseconds to wait for the first change; 0"),
                columns, formats,
            ], answers: .rows("Rows"), refusals: [404, 406, 410, 422, 503]),
    ]

    private static let question = WebRoute(
        "POST", "/api/v1/sql", .askSQL,
        "The answer to a SELECT of SQLite over all tables, lake and log together; only reads",
        [formats], body: .json("Question"), answers: .rows("Rows"),
        refusals: [404, 406, 409, 410, 413, 415, 422, 503])
}
