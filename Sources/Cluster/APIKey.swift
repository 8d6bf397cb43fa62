/// The kinds of calls between nodes, by the number that each frame begins with.
///
/// Numbers below 2000 are Fluss's for the same call; those from 2000 on are ours alone.
enum APIKey: Int16, CaseIterable, Sendable {
    case apiVersions = 1000
    case createDatabase = 1001
    case dropDatabase = 1002
    case createTable = 1005
    case dropTable = 1006
    case produceLog = 1014
    case fetchLog = 1015
    case putKeyValue = 1016
    case lookup = 1017
    case listOffsets = 1021
    case limitScan = 1033
    case prefixLookup = 1034
    case createPartition = 1036
    case dropPartition = 1037
    case rebalance = 1049
    case cancelRebalance = 1051
    case scanKeyValue = 1061
    case searchVectors = 2000
    case alterTable = 2001
    case reassignBucket = 2002

    /// The versions of the call that a node of a format version understands; nil if it has none.
    func versions(at format: FormatVersion) -> ClosedRange<Int16>? {
        switch self {
        case .apiVersions, .createTable, .limitScan: 0...0
        // Version 1 packs the batch, as version 2 of a fetch does.
        case .produceLog: 0...(format >= .compact ? 1 : 0)
        // Version 1 names a column, and filters by what the index keeps.
        case .searchVectors: 0...(format >= .compact ? 1 : 0)
        // Version 1 of a fetch names columns, of a lookup inserts, and asks for offsets by time.
        case .lookup, .listOffsets: 0...(format >= .partitioned ? 1 : 0)
        // Version 2 writes numbers in as few bytes as they take.
        case .fetchLog: 0...(format >= .compact ? 2 : format >= .partitioned ? 1 : 0)
        // Version 1 names the columns of a partial update; version 2 writes numbers short.
        case .putKeyValue: 0...(format >= .compact ? 2 : format >= .checksummed ? 1 : 0)
        case .alterTable, .prefixLookup: format >= .checksummed ? 0...0 : nil
        case .createDatabase, .dropTable, .createPartition, .dropPartition, .scanKeyValue:
            format >= .partitioned ? 0...0 : nil
        // Version 1 says of which database it is that has the name.
        case .dropDatabase:
            format >= .partitioned ? 0...(format >= .reassigned ? 1 : 0) : nil
        case .reassignBucket, .rebalance, .cancelRebalance:
            format >= .reassigned ? 0...0 : nil
        }
    }
}

/// What a node understands of one call.
public struct SupportedAPI: Hashable, Sendable {
    public var key: Int16
    public var oldest: Int16
    public var newest: Int16

    /// Everything that a node of a format version understands, by key.
    static func all(at format: FormatVersion) -> [SupportedAPI] {
        APIKey.allCases.compactMap { key in
            key.versions(at: format).map {
                SupportedAPI(key: key.rawValue, oldest: $0.lowerBound, newest: $0.upperBound)
            }
        }
    }
}
