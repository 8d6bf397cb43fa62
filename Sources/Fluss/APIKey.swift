/// The calls of the Fluss protocol that this server answers, by upstream's numbers
/// (`ApiKeys.java`).
enum APIKey: Int16, Sendable, CaseIterable {
    case apiVersions = 1000
    case createDatabase = 1001
    case dropDatabase = 1002
    case listDatabases = 1003
    case databaseExists = 1004
    case createTable = 1005
    case dropTable = 1006
    case getTableInfo = 1007
    case listTables = 1008
    case listPartitions = 1009
    case tableExists = 1010
    case getTableSchema = 1011
    case getMetadata = 1012
    case produceLog = 1014
    case fetchLog = 1015
    case putKeyValue = 1016
    case lookup = 1017
    case listOffsets = 1021
    case initWriter = 1026
    case limitScan = 1033
    case prefixLookup = 1034
    case getDatabaseInfo = 1035
    case createPartition = 1036
    case dropPartition = 1037
    case authenticate = 1038
    case createAcls = 1039
    case listAcls = 1040
    case dropAcls = 1041
    case alterTable = 1044
    case rebalance = 1049
    case listRebalanceProgress = 1050
    case cancelRebalance = 1051
    case scanKeyValue = 1061

    /// The versions of the call that this server answers.
    var versions: ClosedRange<Int16> {
        switch self {
        case .putKeyValue: 0...2
        case .lookup, .prefixLookup: 0...1
        default: 0...0
        }
    }
}
