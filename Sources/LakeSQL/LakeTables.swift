public import Iceberg
public import LakeTiering
public import Platform

/// Tables of a lake, read on behalf of SQLite, which waits for what it asks for.
///
/// How tables are found and on which machine they are read is the affair of who conforms.
public protocol LakeTables: AnyObject {
    /// The tables that there are, in order.
    var names: [LakeTableName] { get }

    /// Bytes of the tables' files that were read so far.
    var readByteCount: Int { get }

    /// Opens a table that is among `names`.
    ///
    /// Throws `LakeSQLError` if it cannot be read.
    func open(_ name: LakeTableName) throws -> LakeTable

    /// Keeps a snapshot for as long as it is read; nil where nobody heeds leases or nothing may be
    /// written.
    ///
    /// Throws `IcebergError.noSuchSnapshot` if it has expired meanwhile.
    func lease(_ snapshot: Snapshot, of table: LakeTable) throws -> SnapshotLease?

    /// Runs a piece of asynchronous work to its end.
    ///
    /// Throws what `body` throws; `LakeSQLError.interrupted` after `close`.
    func wait<Value>(_ body: @escaping (Machine) async throws -> Value) throws -> Value

    /// Ends all reading.
    func close()
}
