import Platform

/// The coordination service of one or more processes: a SQLite file in which everything is one
/// transaction.
///
/// Leases end by the monotonic clock, which the processes of one computer share; after a boot it
/// starts anew, and each lease with it. Who asks first after a lease has run out deletes its keys.
///
/// Unchecked because it is used on the database thread only.
final class CoordinationService: @unchecked Sendable {
    /// A stream of changes for a watch of this process.
    struct Stream {
        var identifier: UInt64
        var prefix: [UInt8]
        /// Changes up to here were delivered.
        var position: Int64
        /// Takes new changes, or nil if the watch has missed some.
        var deliver: @Sendable ([WatchEvent]?) -> Void
    }

    /// Changes kept for watches that begin in the past.
    static let historyLimit: Int64 = 10_000

    private let database: SQLiteDatabase
    private let historyLimit: Int64
    private var streams: [Stream] = []
    private var dataVersion: Int64 = -1
    private var hasLeases = true

    init(path: String, historyLimit: Int64 = CoordinationService.historyLimit) throws {
        self.historyLimit = historyLimit
        database = try SQLiteDatabase(path)
        try database.transaction {
            for statement in Self.schema { try database.run(statement) }
            try startLeasesAnew(after: bootIdentifier())
        }
    }

    private static let schema = [
        """
        CREATE TABLE IF NOT EXISTS service (
            one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL,
            compacted INTEGER NOT NULL, lease INTEGER NOT NULL, boot TEXT NOT NULL)
        """,
        "INSERT OR IGNORE INTO service VALUES (1, 0, 0, 0, '')",
        """
        CREATE TABLE IF NOT EXISTS entries (
            key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL,
            lease INTEGER) WITHOUT ROWID
        """,
        "CREATE INDEX IF NOT EXISTS entries_of_lease ON entries (lease)",
        """
        CREATE TABLE IF NOT EXISTS leases (
            lease INTEGER PRIMARY KEY, duration INTEGER NOT NULL, deadline INTEGER NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS history (
            number INTEGER PRIMARY KEY, revision INTEGER NOT NULL, key BLOB NOT NULL,
            value BLOB, lease INTEGER)
        """,
        "CREATE INDEX IF NOT EXISTS history_revision ON history (revision)",
    ]

    private func startLeasesAnew(after boot: String) throws {
        if try database.run("SELECT boot FROM service")[0][0].text == boot { return }
        try database.run(
            "UPDATE leases SET deadline = ? + min(duration, ?)",
            .integer(HostClock.monotonicNanoseconds), .integer(.max / 2))
        try database.run("UPDATE service SET boot = ?", .text(boot))
    }

    // MARK: Requests

    func get(_ key: String) throws -> CoordinationEntry? {
        try expireLeases()
        let rows = try database.run(
            "SELECT key, value, revision, lease FROM entries WHERE key = ?", .blob(Array(key.utf8)))
        return rows.first.map(entry)
    }

    func range(prefix: String) throws -> CoordinationRange {
        try expireLeases()
        let bytes = Array(prefix.utf8)
        return try database.snapshot {
            let rows = try database.run(
                """
                SELECT key, value, revision, lease FROM entries
                WHERE key >= ?1 AND substr(key, 1, ?2) = ?1 ORDER BY key
                """, .blob(bytes), .integer(Int64(bytes.count)))
            return CoordinationRange(
                entries: rows.map(entry), revision: Revision(number: try revision()))
        }
    }

    func commit(_ transaction: CoordinationTransaction) throws -> CoordinationResult {
        try transaction.validate()
        try expireLeases()
        let result: CoordinationResult = try database.transaction {
            for condition in transaction.conditions where try !holds(condition) {
                return .conflict
            }
            for case .put(_, _, let lease?) in transaction.operations where try !isAlive(lease) {
                throw CoordinationError.leaseExpired(lease)
            }
            return .committed(Revision(number: try apply(transaction.operations)))
        }
        publish()
        return result
    }

    func grantLease(_ duration: Duration) throws -> LeaseIdentifier {
        hasLeases = true
        return try database.transaction {
            try database.run("UPDATE service SET lease = lease + 1")
            let number = try database.run("SELECT lease FROM service")[0][0].integer!
            try database.run(
                "INSERT INTO leases VALUES (?, ?, ?)", .integer(number),
                .integer(duration.nanoseconds), .integer(deadline(after: duration.nanoseconds)))
            return LeaseIdentifier(number: number)
        }
    }

    func renewLease(_ lease: LeaseIdentifier) throws {
        try expireLeases()
        try database.transaction {
            let rows = try database.run(
                "SELECT duration FROM leases WHERE lease = ?", .integer(lease.number))
            guard let duration = rows.first?[0].integer else {
                throw CoordinationError.leaseExpired(lease)
            }
            try database.run(
                "UPDATE leases SET deadline = ? WHERE lease = ?",
                .integer(deadline(after: duration)), .integer(lease.number))
        }
    }

    func revokeLease(_ lease: LeaseIdentifier) throws {
        try expireLeases()
        try database.transaction {
            if try !isAlive(lease) { throw CoordinationError.leaseExpired(lease) }
            try end(lease)
        }
        publish()
    }

    // MARK: Watches

    func watch(_ stream: Stream) throws {
        let compacted = try database.run("SELECT compacted FROM service")[0][0].integer!
        if stream.position < compacted { throw CoordinationError.unavailable }
        streams.append(stream)
        publish()
    }

    func endStreams(_ isEnded: (Stream) -> Bool) { streams.removeAll(where: isEnded) }

    /// Ends leases that have run out and hands on what other processes changed.
    ///
    /// True while there is a lease or a watch, so that another turn is needed.
    func turn() throws -> Bool {
        try expireLeases()
        if !streams.isEmpty {
            let version = try database.run("PRAGMA data_version")[0][0].integer!
            if version != dataVersion {
                dataVersion = version
                publish()
            }
        }
        return hasLeases || !streams.isEmpty
    }

    /// Delivers to each watch what it has not seen; what fails now is delivered at a later turn.
    private func publish() {
        guard let first = streams.map(\.position).min() else { return }
        do {
            let (compacted, revision, rows) = try database.snapshot {
                let state = try database.run("SELECT compacted, revision FROM service")[0]
                let rows = try database.run(
                    """
                    SELECT key, value, revision, lease FROM history WHERE revision > ?
                    ORDER BY number
                    """, .integer(first))
                return (state[0].integer!, state[1].integer!, rows)
            }
            let events = rows.map(event)
            for stream in streams where stream.position < compacted { stream.deliver(nil) }
            streams.removeAll { $0.position < compacted }
            for position in streams.indices {
                let stream = streams[position]
                let news = events.filter {
                    $0.revision.number > stream.position
                        && $0.key.utf8.starts(with: stream.prefix)
                }
                if !news.isEmpty { stream.deliver(news) }
                // A watch from the future waits for it.
                streams[position].position = max(stream.position, revision)
            }
        } catch {
            dataVersion = -1
        }
    }
}

extension CoordinationService {
    // MARK: Within a transaction

    private func holds(_ condition: CoordinationTransaction.Condition) throws -> Bool {
        switch condition {
        case .absent(let key): return try revision(of: key) == nil
        case .revision(let key, let expected): return try revision(of: key) == expected.number
        }
    }

    private func revision(of key: String) throws -> Int64? {
        try database.run(
            "SELECT revision FROM entries WHERE key = ?", .blob(Array(key.utf8))
        ).first?[0].integer
    }

    private func revision() throws -> Int64 {
        try database.run("SELECT revision FROM service")[0][0].integer!
    }

    private func isAlive(_ lease: LeaseIdentifier) throws -> Bool {
        try !database.run("SELECT 1 FROM leases WHERE lease = ?", .integer(lease.number)).isEmpty
    }

    /// Makes the changes at the next revision, if they are any.
    private func apply(_ operations: [CoordinationTransaction.Operation]) throws -> Int64 {
        let current = try revision()
        let isChange = try operations.contains {
            if case .delete(let key) = $0 { return try revision(of: key) != nil }
            return true
        }
        if !isChange { return current }
        let next = current + 1
        try database.run("UPDATE service SET revision = ?", .integer(next))
        for operation in operations {
            switch operation {
            case .put(let key, let value, let lease):
                let lease = lease.map { SQLiteValue.integer($0.number) } ?? .null
                try database.run(
                    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)",
                    .blob(Array(key.utf8)), .blob(value), .integer(next), lease)
                try record(key, .blob(value), lease, at: next)
            case .delete(let key):
                try database.run("DELETE FROM entries WHERE key = ?", .blob(Array(key.utf8)))
                if database.changeCount > 0 { try record(key, .null, .null, at: next) }
            }
        }
        try compact()
        return next
    }

    private func record(
        _ key: String, _ value: SQLiteValue, _ lease: SQLiteValue, at revision: Int64
    ) throws {
        try database.run(
            "INSERT INTO history (revision, key, value, lease) VALUES (?, ?, ?, ?)",
            .integer(revision), .blob(Array(key.utf8)), value, lease)
    }

    /// Forgets the older half of a long history, whole revisions only.
    private func compact() throws {
        let bounds = try database.run("SELECT min(number), max(number) FROM history")[0]
        guard let first = bounds[0].integer, let last = bounds[1].integer else { return }
        if last - first < historyLimit { return }
        let compacted = try database.run(
            "SELECT revision FROM history WHERE number = ?",
            .integer(first + historyLimit / 2))[0][0]
        try database.run("DELETE FROM history WHERE revision <= ?", compacted)
        try database.run("UPDATE service SET compacted = ?", compacted)
    }

    // MARK: Leases

    private func deadline(after nanoseconds: Int64) -> Int64 {
        let (sum, isOver) = HostClock.monotonicNanoseconds.addingReportingOverflow(nanoseconds)
        return isOver ? .max : sum
    }

    private func expireLeases() throws {
        if try nextExpiry() ?? .max > HostClock.monotonicNanoseconds { return }
        try database.transaction {
            let ended = try database.run(
                "SELECT lease FROM leases WHERE deadline <= ? ORDER BY deadline, lease",
                .integer(HostClock.monotonicNanoseconds))
            for row in ended { try end(LeaseIdentifier(number: row[0].integer!)) }
        }
        publish()
    }

    private func nextExpiry() throws -> Int64? {
        let next = try database.run("SELECT min(deadline) FROM leases")[0][0].integer
        hasLeases = next != nil
        return next
    }

    private func end(_ lease: LeaseIdentifier) throws {
        let keys = try database.run(
            "SELECT key FROM entries WHERE lease = ? ORDER BY key", .integer(lease.number))
        try database.run("DELETE FROM leases WHERE lease = ?", .integer(lease.number))
        _ = try apply(keys.map { .delete(key: text($0[0])) })
    }

    // MARK: Rows

    private func text(_ value: SQLiteValue) -> String {
        String(decoding: value.blob ?? [], as: UTF8.self)
    }

    private func entry(_ row: [SQLiteValue]) -> CoordinationEntry {
        CoordinationEntry(
            key: text(row[0]), value: row[1].blob ?? [],
            revision: Revision(number: row[2].integer ?? 0),
            lease: row[3].integer.map { LeaseIdentifier(number: $0) })
    }

    private func event(_ row: [SQLiteValue]) -> WatchEvent {
        WatchEvent(
            key: text(row[0]), entry: row[1] == .null ? nil : entry(row),
            revision: Revision(number: row[2].integer ?? 0))
    }
}
