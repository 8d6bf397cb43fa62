/// The files that a commit takes out of a table.
struct RemovedFiles {
    var data: [DataFile] = []
    var deletes: [DataFile] = []
}

extension LakeChange {
    /// What was added and removed, and what there is in total (spec, appendix F).
    ///
    /// A total that the parent does not say is not said either.
    func fullSummary(
        after parent: Snapshot?, removing removed: RemovedFiles
    ) -> [Snapshot.SummaryEntry] {
        func rows(_ files: [DataFile]) -> Int64 { files.reduce(0) { $0 + $1.recordCount } }
        func bytes(_ files: [DataFile]) -> Int64 {
            files.reduce(0) { $0 + ($1.contentByteCount ?? $1.byteCount) }
        }
        let positions = deleteFiles.filter { $0.content == .positionDeletes }
        let equalities = deleteFiles.filter { $0.content == .equalityDeletes }
        let gonePositions = removed.deletes.filter { $0.content == .positionDeletes }
        let goneEqualities = removed.deletes.filter { $0.content == .equalityDeletes }
        var entries = [Snapshot.SummaryEntry("operation", operation)]
        func count(_ name: String, _ number: Int64) {
            if number > 0 { entries.append(Snapshot.SummaryEntry(name, "\(number)")) }
        }
        count("added-data-files", Int64(dataFiles.count))
        count("deleted-data-files", Int64(removed.data.count))
        count("added-records", rows(dataFiles))
        count("deleted-records", rows(removed.data))
        count("added-delete-files", Int64(deleteFiles.count))
        count("removed-delete-files", Int64(removed.deletes.count))
        count("added-position-delete-files", Int64(positions.count { !$0.isDeletionVector }))
        count(
            "removed-position-delete-files",
            Int64(gonePositions.count { !$0.isDeletionVector }))
        count("added-dvs", Int64(positions.count(where: \.isDeletionVector)))
        count("removed-dvs", Int64(gonePositions.count(where: \.isDeletionVector)))
        count("added-position-deletes", rows(positions))
        count("removed-position-deletes", rows(gonePositions))
        count("added-files-size", bytes(dataFiles + deleteFiles))
        count("removed-files-size", bytes(removed.data + removed.deletes))
        func total(_ name: String, _ added: Int64, _ gone: Int64) {
            guard let before = parent == nil ? 0 : parent?.summary(name).flatMap({ Int64($0) })
            else { return }
            entries.append(Snapshot.SummaryEntry(name, "\(max(0, before + added - gone))"))
        }
        total("total-data-files", Int64(dataFiles.count), Int64(removed.data.count))
        total("total-records", rows(dataFiles), rows(removed.data))
        total("total-delete-files", Int64(deleteFiles.count), Int64(removed.deletes.count))
        total("total-position-deletes", rows(positions), rows(gonePositions))
        total("total-equality-deletes", rows(equalities), rows(goneEqualities))
        total(
            "total-files-size", bytes(dataFiles + deleteFiles),
            bytes(removed.data + removed.deletes))
        return entries + summary
    }
}
