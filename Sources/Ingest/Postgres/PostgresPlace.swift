import JSON

/// How far a replication has come.
struct PostgresPlace {
    enum Phase: String {
        /// The rows that were there first are being copied; after a crash that begins anew.
        case snapshot
        case stream
    }

    var phase = Phase.snapshot
    /// Behind the last transaction that is done as a whole.
    var position = LogPosition(0)
    /// The transaction after it, by the position of its commit, and how many of its changes are
    /// done.
    var transaction = LogPosition(0)
    var doneCount = 0
    /// By table: the server's numbers of its columns, by name.
    var columns: [String: [String: Int]] = [:]

    init() {}

    init(_ json: JSONValue, _ path: String) throws(IngestError) {
        do throws(JSONError) {
            guard let phase = Phase(rawValue: try json.required("phase").string()),
                let position = LogPosition(try json.required("position").string()),
                let transaction = LogPosition(try json.required("transaction").string())
            else { throw .wrongType(path: "position", expected: "a place in PostgreSQL's log") }
            self.phase = phase
            self.position = position
            self.transaction = transaction
            doneCount = try json.required("done").integer(as: Int.self)
            for (table, numbers) in try json.required("columns").members() {
                for (name, number) in try numbers.members() {
                    columns[table, default: [:]][name] = try number.integer(as: Int.self)
                }
            }
        } catch {
            throw .state(path: path, reason: "the position cannot be understood: \(error)")
        }
    }

    var json: JSONValue {
        let columns = columns.sorted { $0.key < $1.key }.map { table, numbers in
            JSONMember(
                table,
                .object(
                    numbers.sorted { $0.key < $1.key }.map {
                        JSONMember($0.key, .integer(Int64($0.value)))
                    }))
        }
        return [
            "phase": .string(phase.rawValue), "position": .string("\(position)"),
            "transaction": .string("\(transaction)"), "done": .integer(Int64(doneCount)),
            "columns": .object(columns),
        ]
    }
}
