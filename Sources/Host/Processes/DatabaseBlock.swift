/// Keeps all others from writing to a database, as a program that holds its lock and hangs.
public final class DatabaseBlock {
    private var database: SQLiteDatabase?

    /// - Throws: `HostError.database` if the lock cannot be had within some seconds.
    public init(path: String) throws(HostError) {
        do throws(SQLiteError) {
            let opened = try SQLiteDatabase(path)
            try opened.run("BEGIN EXCLUSIVE")
            database = opened
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
    }

    public func end() {
        _ = try? database?.run("ROLLBACK")
        database = nil
    }
}
