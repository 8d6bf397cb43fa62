/// Which table a change event is about: names of two databases are two tables.
struct TableIdentity: Hashable {
    var server: String?
    var database: String?
    /// nil where it is the usual one, `public`.
    var schema: String?
    var table: String

    init(server: String? = nil, database: String? = nil, schema: String?, table: String) {
        self.server = server.flatMap { $0.isEmpty ? nil : $0 }
        self.database = database.flatMap { $0.isEmpty ? nil : $0 }
        self.schema = schema.flatMap { $0.isEmpty || $0 == "public" ? nil : $0 }
        self.table = table
    }

    /// The identity as one database knows it.
    var withinDatabase: TableIdentity { TableIdentity(schema: schema, table: table) }

    /// What the table may be called by its parts, from the shortest to the longest that there is.
    private var paths: [[String]] {
        let usual = (schema.map { [$0] } ?? []) + [table]
        let full = [schema ?? "public", table]
        var paths = [usual]
        if let database { paths += [[database] + usual, [database] + full] }
        if let server { paths.append([server] + (database.map { [$0] } ?? []) + full) }
        return paths
    }

    /// As databases write it, with points, the shortest first.
    var names: [String] { paths.map { $0.joined(separator: ".") } }

    /// As the engine's tables may be named, which have no points.
    private var tableNames: [String] {
        paths.map { $0.joined(separator: "_").replacing(".", with: "_") }
    }

    /// A name for each: the shortest, and a longer one where two would have the same.
    ///
    /// Two that have the same longest name keep it.
    static func names(of identities: [TableIdentity]) -> [String] {
        let choices = identities.map(\.tableNames)
        var levels = [Int](repeating: 0, count: identities.count)
        var names = choices.map { $0[0] }
        // Each round gives at least one of them a longer name.
        for _ in 0..<(4 * identities.count) {
            var counts: [String: Int] = [:]
            for name in names { counts[name, default: 0] += 1 }
            var hasChanged = false
            for position in names.indices where counts[names[position]]! > 1 {
                guard levels[position] + 1 < choices[position].count else { continue }
                levels[position] += 1
                names[position] = choices[position][levels[position]]
                hasChanged = true
            }
            if !hasChanged { break }
        }
        return names
    }
}
