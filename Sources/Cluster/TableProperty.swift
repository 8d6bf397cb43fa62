import KeyValue
import Vectors

/// The properties of a table that the engine reads, by Fluss's names.
enum TableProperty: String, CaseIterable {
    case mergeEngine = "table.merge-engine"
    case versionColumn = "table.merge-engine.versioned.ver-column"
    case deleteBehavior = "table.delete.behavior"
    case changelogImage = "table.changelog.image"
    case compression = "table.log.arrow.compression.type"
    case lakeEnabled = "table.datalake.enabled"
    case statisticsColumns = "table.statistics.columns"
    case autoPartition = "table.auto-partition.enabled"
    case autoPartitionKey = "table.auto-partition.key"
    case autoPartitionUnit = "table.auto-partition.time-unit"
    case precreatedPartitions = "table.auto-partition.num-precreate"
    case retainedPartitions = "table.auto-partition.num-retention"
    case partitionTimeZone = "table.auto-partition.time-zone"
    case logTimeToLive = "table.log.ttl"
    case localSegments = "table.log.tiered.local-segments"
    /// Fluss has no bound of size.
    case logRetentionByteCount = "table.log.retention.bytes"
    // Fluss has no vector index, and no vectors: a column of them is an array of floats there.
    case vectorColumn = "table.vector-index.column"
    case vectorDimension = "table.vector-index.dimension"
    case vectorDistance = "table.vector-index.distance"
    case vectorFilterColumns = "table.vector-index.filter-columns"
    case vectorQuantization = "table.vector-index.quantization"

    /// What a value of the property has to be, in words; nil if `value` is such a one.
    func objection(to value: String) -> String? {
        switch self {
        case .mergeEngine: isOneOf(["first_row", "versioned", "aggregation"], value.lowercased())
        case .versionColumn: value.isEmpty ? "a column's name" : nil
        case .deleteBehavior: isOneOf(["allow", "ignore", "disable"], value.lowercased())
        case .changelogImage: isOneOf(["FULL", "WAL"], value.uppercased())
        case .compression: isOneOf(["NONE", "LZ4_FRAME", "ZSTD"], value.uppercased())
        case .lakeEnabled, .autoPartition: isOneOf(["true", "false"], value)
        case .statisticsColumns: value.isEmpty ? "* or columns' names" : nil
        case .autoPartitionKey: value.isEmpty ? "a column's name" : nil
        case .autoPartitionUnit:
            isOneOf(PartitionTime.allCases.map(\.rawValue), value.uppercased())
        case .precreatedPartitions: isCount(value, from: 0)
        case .retainedPartitions: isCount(value, from: 1)
        case .partitionTimeZone: isOneOf(["UTC"], value)
        case .logTimeToLive:
            LogTimeToLive(value) == nil ? "a duration such as 7 d, 12 h or 30 min, or -1" : nil
        case .localSegments:
            (Int(value) ?? 0) < 1 ? "a number of segments from 1" : nil
        case .logRetentionByteCount:
            (Int64(value) ?? 0) < 1 && value != "-1" ? "a number of bytes from 1, or -1" : nil
        case .vectorColumn, .vectorFilterColumns: listed(value).isEmpty ? "columns' names" : nil
        case .vectorDimension:
            listed(value).contains { (Int($0) ?? 0) < 1 } || listed(value).isEmpty
                ? "a number of elements from 1, or several" : nil
        case .vectorDistance:
            areOf(VectorDistance.allCases.map(\.propertyName), value)
        case .vectorQuantization: areOf(VectorQuantization.allCases.map(\.rawValue), value)
        }
    }

    /// What it says, in a sentence without its full stop.
    var meaning: String {
        switch self {
        case .mergeEngine: "how rows of one key become one; the last row wins when absent"
        case .versionColumn: "of the versioned engine: the column whose largest value wins"
        case .deleteBehavior: "what a deletion does"
        case .changelogImage: "whether updates are logged with the row before them"
        case .compression: "how the Arrow buffers of batches are compressed"
        case .lakeEnabled: "whether the table is committed to the lake"
        case .statisticsColumns: "the columns that batches have bounds of, for filters"
        case .autoPartition: "whether partitions by time come and go by themselves"
        case .autoPartitionKey: "the partition column that holds the time, where there are several"
        case .autoPartitionUnit: "the span of a partition by time"
        case .precreatedPartitions: "partitions by time that are there ahead"
        case .retainedPartitions: "partitions by time that are kept before the present one"
        case .partitionTimeZone: "the time zone of partitions by time"
        case .logTimeToLive: "how long the log is kept, -1 for ever"
        case .localSegments: "segments that stay on servers' disks once they are in the remote log"
        case .logRetentionByteCount: "up to how many bytes the log of a bucket is kept, -1 for all"
        case .vectorColumn: "the column whose vectors are indexed, or several, each by itself"
        case .vectorDimension:
            "elements of the indexed vectors, of each column, where the type does not say"
        case .vectorDistance:
            "how far indexed vectors are apart, of all columns or of each; cosine when absent"
        case .vectorFilterColumns:
            "columns that vector indexes keep, so that searches are filtered inside them; a change "
                + "of one costs as much as one of the vector"
        case .vectorQuantization:
            "how vector indexes keep elements, of all columns or of each: none is as they are, "
                + "int8 a byte each, and near rows are measured anew by what they are"
        }
    }

    /// A value that it takes.
    var example: String {
        switch self {
        case .mergeEngine: "aggregation"
        case .versionColumn: "version"
        case .deleteBehavior: "ignore"
        case .changelogImage: "WAL"
        case .compression: "ZSTD"
        case .lakeEnabled: "false"
        case .statisticsColumns: "'*'"
        case .autoPartition: "true"
        case .autoPartitionKey: "day"
        case .autoPartitionUnit: "HOUR"
        case .precreatedPartitions: "2"
        case .retainedPartitions: "7"
        case .partitionTimeZone: "UTC"
        case .logTimeToLive: "12 h"
        case .localSegments: "2"
        case .logRetentionByteCount: "-1"
        case .vectorColumn: "embedding"
        case .vectorDimension: "16"
        case .vectorDistance: "euclidean"
        case .vectorFilterColumns: "'category, price'"
        case .vectorQuantization: "int8"
        }
    }

    private func isCount(_ value: String, from least: Int) -> String? {
        guard let count = Int(value), least...1000 ~= count else {
            return "a number from \(least) to 1000"
        }
        return nil
    }

    private func listed(_ value: String) -> [String] { TableProperties.list(value) }

    private func areOf(_ words: [String], _ value: String) -> String? {
        let values = listed(value.lowercased())
        return values.isEmpty || !values.allSatisfy(words.contains)
            ? "one of \(words.joined(separator: ", ")), or one for each column" : nil
    }

    private func isOneOf(_ words: [String], _ value: String) -> String? {
        words.contains(value) ? nil : "one of " + words.joined(separator: ", ")
    }
}

extension AggregateFunction {
    /// By Fluss's name; nil if there is none of that name.
    init?(name: String, delimiter: String) {
        switch name.lowercased() {
        case "sum": self = .sum
        case "product": self = .product
        case "max": self = .maximum
        case "min": self = .minimum
        case "last_value": self = .lastValue
        case "last_value_ignore_nulls": self = .lastValueIgnoringNulls
        case "first_value": self = .firstValue
        case "first_value_ignore_nulls": self = .firstValueIgnoringNulls
        case "listagg", "string_agg": self = .list(delimiter: delimiter)
        case "bool_and": self = .and
        case "bool_or": self = .or
        case "rbm32": self = .bitmapUnion
        default: return nil
        }
    }
}

extension VectorDistance {
    var propertyName: String {
        switch self {
        case .squaredEuclidean: "euclidean"
        case .cosine: "cosine"
        case .innerProduct: "inner-product"
        }
    }
}
