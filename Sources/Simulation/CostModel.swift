import Platform

/// How long things take in the tank: times from which each operation draws, and bandwidths.
///
/// The defaults stand for a cloud zone: NVMe disks, a 10 Gbit/s network, an S3-like store. What
/// `wavetank calibrate` has measured of a machine may take their place.
public struct CostModel: Sendable {
    public var diskRead = LatencyDistribution.even(
        Duration.microseconds(40)..<Duration.microseconds(120))
    /// A write into the page cache.
    public var diskWrite = LatencyDistribution.even(
        Duration.microseconds(4)..<Duration.microseconds(20))
    public var diskSync = LatencyDistribution.even(
        Duration.microseconds(150)..<Duration.microseconds(900))
    /// For each further file of several that are synced together.
    public var diskSyncFile = LatencyDistribution.even(
        Duration.microseconds(2)..<Duration.microseconds(8))
    public var diskName = LatencyDistribution.even(
        Duration.microseconds(20)..<Duration.microseconds(80))
    public var diskBytesPerSecond: Int64 = 1_000_000_000
    /// One way between two machines.
    public var networkLatency = LatencyDistribution.even(
        Duration.microseconds(80)..<Duration.microseconds(400))
    public var networkBytesPerSecond: Int64 = 1_250_000_000
    /// After which a connection over a silent link breaks, and connecting gives up.
    public var connectionTimeout = Duration.seconds(15)
    public var connectTimeout = Duration.seconds(3)
    public var objectRequest = LatencyDistribution.even(
        Duration.milliseconds(8)..<Duration.milliseconds(40))
    public var objectBytesPerSecond: Int64 = 100_000_000
    public var coordinationRequest = LatencyDistribution.even(
        Duration.microseconds(600)..<Duration.milliseconds(3))
    public var catalogRequest = LatencyDistribution.even(
        Duration.milliseconds(3)..<Duration.milliseconds(15))
    public var vectorRequest = LatencyDistribution.even(
        Duration.milliseconds(2)..<Duration.milliseconds(12))
    public var vectorBytesPerSecond: Int64 = 50_000_000
    /// Processors of a machine besides the one that runs its loop.
    public var processorCount = 2
    /// Measured on one core of a server of 2024: Parquet with zstd, HNSW of 64 dimensions.
    public var fileEncodingBytesPerSecond: Int64 = 140_000_000
    public var indexBuildBytesPerSecond: Int64 = 1_400_000
    public var mergeBytesPerSecond: Int64 = 200_000_000
    public var queryBytesPerSecond: Int64 = 50_000_000
    /// After which a request to a service that does not answer counts as of unknown outcome.
    public var requestTimeout = Duration.seconds(5)

    public init() {}

    func bytesPerSecond(of kind: Computation.Kind) -> Int64 {
        switch kind {
        case .fileEncoding: fileEncodingBytesPerSecond
        case .indexBuild: indexBuildBytesPerSecond
        case .merge: mergeBytesPerSecond
        case .query: queryBytesPerSecond
        }
    }

    static func transfer(_ byteCount: Int, at bytesPerSecond: Int64) -> Int64 {
        Int64(byteCount) * 1_000_000_000 / bytesPerSecond
    }
}
