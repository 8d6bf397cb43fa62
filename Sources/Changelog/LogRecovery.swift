/// What opening a log found and did.
public struct LogRecovery: Hashable, Sendable {
    /// Bytes of writes that the crash tore; nobody was told that they were durable.
    public var tornByteCount: Int64 = 0
    /// Damage that the log was cut at, because the caller asked for it.
    public var damage: LogDamage?
    /// Batches read while opening.
    public var scannedBatchCount = 0

    public init() {}
}

/// What to do when durable bytes turn out to be damaged while a log is opened.
public enum DamagePolicy: Hashable, Sendable {
    /// Throw `ChangelogError.damaged` and change nothing.
    case refuse
    /// Cut the log at the damage and say so in `ChangeLog.recovery`: for a replica that will fetch
    /// what is missing, and must not count as in sync before.
    case cut
}
