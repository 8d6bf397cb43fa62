import Changelog
import Cluster
import Columnar
import Platform
import Server

extension OracleName {
    public static let partitions = OracleName("partitions")
}

/// A row is in the partition of its values, and a reader of some value is sent to every partition
/// that has rows with it. A table has one partition of a name, and those by time that are to be
/// there ahead are.
final class Partitions: Oracle {
    static let description = OracleDescription(
        .partitions, "rows are in the partition of their values, and pruning leaves out none",
        compares: "rows of partitioned tables, partitions that readers are sent to, and their names"
    )

    /// How long the coordinator of a cluster at rest has for the partitions by time.
    private static let aheadPatience = 20

    private let evidence: Evidence
    private let tally: Tally
    /// Partitions that have rows, by their table.
    private var used: [Int64: Set<Int64>] = [:]
    /// The partition that had a name last.
    private var named: [Name: Int64] = [:]
    /// Partitions of a name that another has, or had after them, once they were told.
    private var told: Set<Int64> = []

    private struct Name: Hashable {
        var table: Int64
        var name: String
    }

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
        case .second: judgeNames()
        default: break
        }
    }

    /// No two partitions of a table have one name, and none comes back once another had its name:
    /// identifiers are drawn by who has seen that the one before is gone.
    private func judgeNames() {
        guard let mirror = evidence.client?.mirror else { return }
        for table in evidence.observation.tables where table.isPartitioned {
            var seen: [String: Int64] = [:]
            for partition in mirror.partitions(of: table.identifier) {
                let other = seen.updateValue(partition.identifier, forKey: partition.name)
                let name = Name(table: table.identifier, name: partition.name)
                let last = named[name] ?? partition.identifier
                named[name] = max(last, partition.identifier)
                if other == nil && last <= partition.identifier
                    || !told.insert(partition.identifier).inserted
                {
                    continue
                }
                tally.violated(
                    "\(table.name) has the partition \(partition.name) "
                        + (other.map { "twice, as \($0) and \(partition.identifier)" }
                            ?? "as \(partition.identifier), though \(last) had its name since"))
            }
            tally.count(seen.count)
        }
    }

    /// Partitions by time come ahead of it, by the clock of the coordinator.
    func readAgain() async throws {
        guard let client = evidence.client else { return }
        for table in evidence.observation.tables where table.isPartitioned {
            var missing: [String] = []
            for _ in 0..<Self.aheadPatience {
                guard let name = client.mirror.coordinator.flatMap({ NodeName($0) }),
                    let coordinator = evidence.observation.deployment.coordinators[name]
                else { break }
                let there = client.mirror.partitions(of: table.identifier).map(\.name)
                let now = coordinator.machine.clock.timestamp.millisecondsSinceEpoch
                let wanted = PartitionsAhead(table)?.names(at: now) ?? []
                tally.count(wanted.count)
                missing = wanted.filter { !there.contains($0) }
                if missing.isEmpty { break }
                try await client.machine.sleep(.seconds(1))
            }
            if missing.isEmpty { continue }
            tally.violated(
                "\(table.name) is to have the partitions \(missing.joined(separator: ", ")) ahead "
                    + "of time, and they are not there")
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
