import Platform

extension ChangeLog {
    /// Cuts the log so that it ends at `offset`, or where the batch begins that holds it.
    ///
    /// Epochs and writer states go back with it, and the cut is durable on return. While it runs,
    /// the log takes no appends. Does nothing at or beyond the end; `.offsetOutOfRange` below the
    /// start.
    public func truncate(to offset: Int64) async throws {
        try await gate.run {
            if let failure { throw failure }
            if offset >= endOffset { return }
            guard offset >= startOffset else {
                throw ChangelogError.offsetOutOfRange(
                    directory, offset: offset, valid: startOffset..<endOffset)
            }
            isTruncating = true
            defer { isTruncating = false }
            guard let position = segments.lastIndex(where: { $0.baseOffset <= offset }) else {
                preconditionFailure("no segment at or below \(offset)")
            }
            let kept = segments[position]
            let (newState, newIndex) = try await rebuild(kept, below: offset)
            precondition(newState.endOffset <= offset, "cut too little")
            let removed = Array(segments[(position + 1)...])
            // From here on no reader looks beyond the new end.
            segments.removeLast(removed.count)
            kept.index = newIndex
            kept.isIndexed = false
            state = newState
            tail.truncate(to: endOffset)
            truncationCount += 1
            do {
                try await cutFiles(kept, removed)
            } catch {
                throw try cutFailed(error, kept.path)
            }
            checkSegments()
        }
    }

    /// A cut that stopped half way leaves a folder that only opening anew understands.
    private func cutFailed(_ error: any Error, _ path: String) throws -> any Error {
        if error is Terminated { throw error }
        let failure = ChangelogError.storageFailed(path: path, reason: "truncation: \(error)")
        self.failure = failure
        return failure
    }

    /// Brings the folder to what is in memory: first the claim of durability goes, then the newest
    /// file, so that a crash at any moment leaves a log without gaps.
    private func cutFiles(_ kept: LogSegment, _ removed: [LogSegment]) async throws {
        syncedEndOffset = min(syncedEndOffset, endOffset)
        if checkpoint.syncedEndOffset > endOffset {
            try await store(
                LogCheckpoint(
                    startOffset: min(checkpoint.startOffset, endOffset),
                    syncedEndOffset: endOffset))
        }
        try await machine.keepApart("a log's claim gone and its files not")
        try await removeNewestFirst(removed)
        if kept.isCreated {
            let size = min(kept.syncedByteCount, kept.index.byteCount)
            let file = try await kept.open(machine.disk)
            try await file.truncate(to: size)
            // What was cut must not come back under what is appended next.
            try await file.sync()
            kept.syncedByteCount = size
        }
    }

    /// Removes segments so that a power loss at any moment leaves a log without gaps: file systems
    /// may keep a later removal and lose an earlier one, unless the folder is synced in between.
    private func removeNewestFirst(_ removed: [LogSegment]) async throws {
        for segment in removed.reversed() where segment.isCreated || segment.mayHaveSnapshot {
            try await remove(segment)
            try await machine.disk.syncDirectory(directory)
            try await machine.keepApart("a log half cut")
        }
    }

    func remove(_ segment: LogSegment) async throws {
        await segment.close()
        for path in [segment.path, segment.indexPath, segment.snapshotPath] {
            do { try await machine.disk.remove(path) } catch DiskError.notFound {}
        }
    }

    /// The state and index as they were when the segment ended below `offset`.
    private func rebuild(
        _ segment: LogSegment, below offset: Int64
    ) async throws -> (LogState, SegmentIndex) {
        var state = try await startState(of: segment)
        var index = SegmentIndex(baseOffset: segment.baseOffset)
        let generation = truncationCount
        while state.endOffset < min(offset, segment.endOffset) {
            let next = state.endOffset
            let batches: [LogBatch]
            if let start = tail.startOffset, next >= start {
                batches = tail.read(from: next, below: offset, maximumByteCount: 1024 * 1024)
            } else {
                batches = try await segment.read(
                    from: next, below: offset, maximumByteCount: 1024 * 1024, machine)
            }
            precondition(generation == truncationCount, "two truncations at once")
            if batches.isEmpty { break }
            for batch in batches {
                state.append(batch)
                index.append(batch, interval: configuration.indexInterval)
            }
        }
        return (state, index)
    }

    /// The state at the start of a segment, from memory, its snapshot, or the segments before it.
    private func startState(of segment: LogSegment) async throws -> LogState {
        if let bytes = segment.startState,
            let state = LogState(
                decoding: bytes, writerExpiration: configuration.writerExpiration)
        {
            return state
        }
        return try await LogOpening(
            machine: machine, groupCommit: groupCommit, directory: directory,
            configuration: configuration
        ).startState(of: segment, after: segments.filter { $0.baseOffset < segment.baseOffset })
    }

    // MARK: The other end

    /// Removes sealed segments all of whose offsets are below `offset`; the new start of the log.
    @discardableResult
    public func deleteSegments(below offset: Int64) async throws -> Int64 {
        try await gate.run {
            if let failure { throw failure }
            let limit = min(offset, syncedEndOffset)
            var count = segments.dropLast().prefix { $0.endOffset <= limit }.count
            // The next segment must have a file, or a crash would leave none to tell the offsets.
            while count > 0, !segments[count].isCreated { count -= 1 }
            if count == 0 { return startOffset }
            let removed = Array(segments[..<count])
            let start = segments[count].baseOffset
            do {
                try await storeStart(start, removing: removed)
            } catch {
                throw try failed(error, directory)
            }
            segments.removeFirst(count)
            startOffset = start
            do {
                try await machine.keepApart("a log's start stored and its files there")
                for segment in removed { try await remove(segment) }
            } catch {
                throw try failed(error, directory)
            }
            checkSegments()
            return start
        }
    }

    /// Writes down where the log begins from now on; on a full disk it makes the room for that.
    ///
    /// The index of a sealed segment can be rebuilt, so those of the segments that go are given up
    /// first: a disk that is full of what is to be removed can be emptied.
    private func storeStart(_ start: Int64, removing removed: [LogSegment]) async throws {
        let next = LogCheckpoint(
            startOffset: start, syncedEndOffset: max(start, checkpoint.syncedEndOffset))
        do {
            try await store(next)
        } catch DiskError.full {
            machine.observer.reached("room made on a full disk")
            for segment in removed {
                do { try await machine.disk.remove(segment.indexPath) } catch DiskError.notFound {}
            }
            try await machine.disk.syncDirectory(directory)
            try await store(next)
        }
    }

    /// Empties the log and lets it begin at `offset`, for a replica that starts from elsewhere.
    ///
    /// `snapshot` is another replica's `stateSnapshot` at that very offset: writers and epochs of
    /// what came before; without it they are forgotten.
    public func truncateFullyAndStart(
        at offset: Int64, snapshot: [UInt8]? = nil
    ) async throws {
        precondition(offset >= 0, "a log cannot start at \(offset)")
        var newState = LogState(
            endOffset: offset, writerExpiration: configuration.writerExpiration)
        if let snapshot {
            guard
                let given = LogState(
                    decoding: snapshot, writerExpiration: configuration.writerExpiration),
                given.endOffset == offset
            else { throw ChangelogError.invalidBatch(reason: "no log snapshot of \(offset)") }
            newState = given
        }
        try await gate.run {
            if let failure { throw failure }
            let removed = segments
            isTruncating = true
            defer { isTruncating = false }
            let fresh = LogSegment(baseOffset: offset, directory: directory)
            fresh.startState = newState.encoded()
            segments = [fresh]
            state = newState
            tail = LogTail()
            truncationCount += 1
            let oldStart = startOffset
            startOffset = offset
            syncedEndOffset = offset
            do {
                try await store(LogCheckpoint(startOffset: oldStart, syncedEndOffset: oldStart))
                try await removeNewestFirst(removed)
                try await machine.keepApart("a log emptied and not begun")
                fresh.mayHaveSnapshot = true
                try await write(newState.encoded(), to: fresh.snapshotPath)
                // The checkpoint must not be there without the writers that belong to it.
                try await machine.disk.syncDirectory(directory)
                try await store(LogCheckpoint(startOffset: offset, syncedEndOffset: offset))
            } catch {
                throw try cutFailed(error, directory)
            }
            checkSegments()
        }
    }

    /// What `truncateFullyAndStart(at:snapshot:)` takes, as of the end of the log.
    public var stateSnapshot: [UInt8] { state.encoded() }

    /// As `stateSnapshot`, at the end of an earlier batch: what the remote log puts beside it.
    ///
    /// Reads at most one segment. Throws `.offsetOutOfRange` where no batch ends at `offset`.
    public func stateSnapshot(at offset: Int64) async throws -> [UInt8] {
        let generation = truncationCount
        let outOfRange = ChangelogError.offsetOutOfRange(
            directory, offset: offset, valid: startOffset..<endOffset)
        guard offset >= startOffset, offset <= endOffset,
            let position = segments.lastIndex(where: { $0.baseOffset <= offset })
        else { throw outOfRange }
        var state = try await startState(of: segments[position])
        while state.endOffset < offset {
            let batches = try await readBatches(
                from: state.endOffset, below: offset, maximumByteCount: 1024 * 1024)
            if generation != truncationCount {
                throw ChangelogError.truncated(directory, endOffset: endOffset)
            }
            if batches.isEmpty { break }
            for batch in batches { state.append(batch) }
        }
        guard state.endOffset == offset else { throw outOfRange }
        return state.encoded()
    }
}
