import Changelog
import Columnar
import Iceberg
import Parquet
import Platform

extension TableTiering {
    /// Writes the rows of a log table.
    func writeAppends(
        _ buckets: [BucketPart], _ lake: LakeTable
    ) async throws -> [DataFile] {
        var files: [DataFile] = []
        for part in buckets {
            let (bucket, batches) = (part.bucket, part.batches)
            var writer = try writer(of: bucket, lake)
            for batch in batches {
                let (records, changes) = try batch.decodeRecords(table.schemas)
                if changes.contains(where: { $0 != .append }) {
                    throw LakeTieringError.damaged(
                        reason: "table \(table.name) \(bucket): a change among the appends "
                            + "of offsets \(batch.baseOffset)...\(batch.lastOffset)")
                }
                let count = records.rowCount
                _ = try await writer.append(
                    records, offsets: (0..<count).map { batch.baseOffset + Int64($0) },
                    timestamps: [Int64](
                        repeating: batch.commitTimestamp.millisecondsSinceEpoch * 1000,
                        count: count))
            }
            files += try await writer.finish()
        }
        return files
    }

    /// Writes what the changes come to, and answers where the rows of their keys are then.
    func writeChanges(
        _ buckets: [BucketPart], _ lake: LakeTable, into change: inout LakeChange
    ) async throws -> [KeyIndex.Move] {
        let isShared = try table.progress(in: lake.metadata).foreignSnapshot != nil
        let index = try await currentIndex(lake, isShared: isShared)
        var moves: [KeyIndex.Move] = []
        var deletes: [PositionDelete] = []
        for part in buckets where !part.batches.isEmpty {
            var fold = RangeFold(table.schemas, isShared: isShared)
            for batch in part.batches {
                try fold.apply(batch, bucket: part.bucket) { index.contains($0) }
            }
            var keys: [[UInt8]] = []
            var survivors: [RangeFold.Survivor] = []
            for (key, survivor) in fold.outcomes {
                index.appendRows(of: key, to: &deletes)
                guard let survivor else {
                    moves.append(KeyIndex.Move(key: key, path: nil, position: 0))
                    continue
                }
                keys.append(key)
                survivors.append(survivor)
            }
            var writer = try writer(of: part.bucket, lake)
            let placements = try await writer.append(
                fold.gather(survivors, table.schema),
                offsets: survivors.map { fold.batches[$0.batch].baseOffset + Int64($0.row) },
                timestamps: survivors.map { fold.batches[$0.batch].timestamp })
            for placement in placements {
                for (position, row) in placement.rows.enumerated() {
                    moves.append(
                        KeyIndex.Move(
                            key: keys[row], path: placement.path,
                            position: placement.position + Int64(position)))
                }
            }
            change.dataFiles += try await writer.finish()
        }
        if lake.metadata.formatVersion < 3 {
            if table.isPartitioned, !deletes.isEmpty, let current = lake.metadata.current {
                // Which partitions the files are of that have the rows.
                _ = try await lake.scan(current)
            }
            change.deleteFiles = try await lake.writeDeletes(deletes)
        } else if let current = lake.metadata.current, !deletes.isEmpty {
            try await lake.writeDeletes(
                deletes, of: try await lake.scan(current), into: &change)
        }
        return moves
    }

    private func writer(of bucket: LakeBucket, _ lake: LakeTable) throws -> LakeFileWriter {
        LakeFileWriter(
            lake, schema, bucket: bucket, partition: try partitionKey(of: bucket, lake),
            rowLimit: configuration.rowsPerFile)
    }
}
