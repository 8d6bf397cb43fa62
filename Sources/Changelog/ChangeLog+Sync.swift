import Platform

extension ChangeLog {
    /// Makes all that was appended before this call durable; concurrent callers share the work.
    ///
    /// Throws `.storageFull` if there is no room: what was appended stays and a later call may
    /// succeed. Any other failure closes the log for good: after a failed sync nobody can say what
    /// the device holds, so the log has to be opened anew. Throws `.truncated` if what was appended
    /// was cut while this call waited.
    public func sync() async throws {
        let target = endOffset
        let generation = truncationCount
        if syncedEndOffset >= target, failure == nil, !isTruncating { return }
        try await gate.run {
            if let failure { throw failure }
            if truncationCount != generation && endOffset < target {
                throw ChangelogError.truncated(directory, endOffset: endOffset)
            }
            try await flush(to: target)
        }
    }

    /// Writes batches until `target` is durable; the caller holds the gate.
    func flush(to target: Int64) async throws {
        while syncedEndOffset < target, let first = tail.firstUnwritten {
            precondition(first.baseOffset == syncedEndOffset, "a gap between disk and memory")
            guard let position = segments.lastIndex(where: { $0.baseOffset <= first.baseOffset })
            else { preconditionFailure("a batch below all segments") }
            let segment = segments[position]
            do {
                if !segment.isCreated { try await create(at: position) }
                let end = segment.endOffset
                let frames = tail.frames(below: end, syncedEndOffset: syncedEndOffset)
                let file = try await segment.open(machine.disk)
                try await groupCommit.write(frames.bytes, to: file, at: segment.syncedByteCount)
                segment.syncedByteCount += Int64(frames.bytes.count)
                tail.wrote(frames.count, keeping: configuration.tailByteCount)
                syncedEndOffset = end
            } catch {
                throw try failed(error, segment.path)
            }
        }
    }

    /// Makes a segment's file, after all that it stands on is durable.
    private func create(at position: Int) async throws {
        let segment = segments[position]
        if position > 0, !segments[position - 1].isIndexed {
            let previous = segments[position - 1]
            precondition(previous.syncedByteCount == previous.index.byteCount, "sealed unsynced")
            try await write(previous.index.encoded(), to: previous.indexPath)
            previous.isIndexed = true
        }
        if let startState = segment.startState {
            segment.mayHaveSnapshot = true
            try await write(startState, to: segment.snapshotPath)
        }
        // A file of this name may be left from a try that failed.
        let file = try await segment.open(machine.disk, .any)
        try await file.truncate(to: 0)
        try await machine.disk.syncDirectory(directory)
        segment.startState = nil
        segment.isCreated = true
    }

    /// Writes a whole small file and makes its bytes, not yet its name, durable.
    func write(_ bytes: [UInt8], to path: String) async throws {
        try await machine.disk.writeFile(bytes, to: path)
    }

    /// Notes an error of the disk and answers what the caller is to throw; lets `Terminated` pass.
    func failed(_ error: any Error, _ path: String) throws -> any Error {
        if error is Terminated { throw error }
        if case DiskError.full = error { return ChangelogError.storageFull(path: path) }
        let failure = ChangelogError.storageFailed(path: path, reason: "\(error)")
        self.failure = failure
        return failure
    }

    /// Writes the checkpoint down: the caller holds the gate.
    func store(_ checkpoint: LogCheckpoint) async throws {
        try await machine.disk.replaceFile(
            directory + "/" + LogFile.checkpoint, with: checkpoint.encoded(), in: directory)
        self.checkpoint = checkpoint
    }

    /// Writes down how far the log is durable, so that damage can be told from a torn tail.
    ///
    /// The frames say so too, but for the last of them; `close` calls this.
    public func writeCheckpoint() async throws {
        try await gate.run {
            if let failure { throw failure }
            let next = LogCheckpoint(startOffset: startOffset, syncedEndOffset: syncedEndOffset)
            if next == checkpoint { return }
            do { try await store(next) } catch { throw try failed(error, directory) }
        }
    }

    /// Makes everything durable, writes the checkpoint and ends the use of this log.
    public func close() async throws {
        if failure != nil { return }
        try await sync()
        try await writeCheckpoint()
        failure = .closed(directory)
        for segment in segments { await segment.close() }
    }
}

extension ChangeLog {
    /// Ends the use of this log without making anything more durable: its files are to be removed.
    public func abandon() async throws {
        try await gate.run {
            if failure == nil { failure = .closed(directory) }
            for segment in segments { await segment.close() }
        }
    }
}

/// Names in a log's folder that are not a segment's.
enum LogFile {
    static let checkpoint = "checkpoint"
    static let checkpointDraft = "checkpoint.new"
}
