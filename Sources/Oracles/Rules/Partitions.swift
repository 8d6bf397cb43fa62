import Changelog
import Cluster
import Columnar

extension OracleName {
    public static let partitions = OracleName("partitions")
}

/// A row is in the partition of its values, and a reader of some value is sent to every partition
/// that has rows with it.
final class Partitions: Oracle {
    static let description = OracleDescription(
        .partitions, "rows are in the partition of their values, and pruning leaves out none",
        compares: "rows of partitioned tables, and partitions that readers are sent to")

    private let evidence: Evidence
    private let tally: Tally
    /// Partitions that have rows, by their table.
    private var used: [Int64: Set<Int64>] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    var hasWork: Bool { !used.isEmpty }

    func learned(_ fact: Fact) {
        switch fact {
        case .fetched(let batch, let log) where batch.baseOffset == log.endOffset:
            guard log.table.isPartitioned, let identifier = log.bucket.partition,
                let partition = evidence.client?.mirror
                    .partitions(of: log.table.identifier)
                    .first(where: { $0.identifier == identifier }),
                let schema = log.table.schemas.schema(batch.schemaIdentifier),
                let records = try? batch.decodeRecords(schema).records
            else { return }
            used[log.table.identifier, default: []].insert(identifier)
            for position in 0..<records.rowCount {
                judge(records.row(at: position), schema, partition, log)
            }
        case .pruned(let answer): judge(answer)
        default: break
        }
    }

    private func judge(
        _ row: Row, _ schema: Schema, _ partition: PartitionDescription, _ log: CommittedLog
    ) {
        for (field, text) in zip(log.table.partitionFields, partition.values) {
            guard let position = schema.position(ofIdentifier: field) else { continue }
            tally.expect(
                Self.text(of: row[position]) == text,
                "\(log.place): a row with \(row[position].plainText) in "
                    + "\(schema.fields[position].name) is in the partition \(partition.name)")
        }
    }

    private func judge(_ answer: PrunedAnswer) {
        let all = evidence.client?.mirror.partitions(of: answer.table.identifier) ?? []
        guard let place = answer.table.partitionKey.firstIndex(of: answer.column),
            let text = Self.text(of: answer.value)
        else { return }
        for partition in all where partition.values[place] == text {
            if used[answer.table.identifier]?.contains(partition.identifier) != true { continue }
            tally.expect(
                answer.partitions.contains(partition.identifier),
                "\(answer.table.name): who reads the rows with \(text) in "
                    + "\(answer.table.schema.fields[answer.column].name) is not sent to the "
                    + "partition \(partition.name)")
        }
    }

    /// A value as a partition's name has it, by Fluss's documentation.
    static func text(of value: Value) -> String? {
        switch value {
        case .string(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        default: value.integer.map { "\($0)" }
        }
    }
}
