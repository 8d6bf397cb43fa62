public import Platform

extension ChangeLog {
    /// Whole batches from the one that holds `offset` on, as bytes for `append(asFollower:)`.
    ///
    /// Takes batches that end by `limit` (all if nil) while they fit in `maximumByteCount`, but at
    /// least one if there is one. The first batch may begin before `offset`. What comes from the
    /// disk has been checked: `.damaged` if it is not what was written. What is not synced is read
    /// too.
    public func read(
        from offset: Int64, below limit: Int64? = nil, maximumByteCount: Int
    ) async throws -> [UInt8] {
        let batches = try await readBatches(
            from: offset, below: limit, maximumByteCount: maximumByteCount)
        if batches.count == 1 { return batches[0].bytes }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batches.reduce(0) { $0 + $1.byteCount })
        for batch in batches { bytes += batch.slice }
        return bytes
    }

    /// As `read(from:below:maximumByteCount:)`, not joined.
    public func readBatches(
        from offset: Int64, below limit: Int64? = nil, maximumByteCount: Int
    ) async throws -> [LogBatch] {
        while true {
            if let failure { throw failure }
            guard offset >= startOffset, offset <= endOffset else {
                throw ChangelogError.offsetOutOfRange(
                    directory, offset: offset, valid: startOffset..<endOffset)
            }
            let limit = min(limit ?? endOffset, endOffset)
            if offset >= limit { return [] }
            if let start = tail.startOffset, offset >= start {
                return tail.read(from: offset, below: limit, maximumByteCount: maximumByteCount)
            }
            guard let segment = segments.last(where: { $0.baseOffset <= offset }) else {
                preconditionFailure("offset \(offset) is below all segments of \(directory)")
            }
            let generation = truncationCount
            let start = startOffset
            do {
                let batches = try await segment.read(
                    from: offset, below: limit, maximumByteCount: maximumByteCount, machine)
                if generation == truncationCount { return batches }
            } catch {
                // The file may have been cut or removed under the read: look again.
                if error is Terminated { throw error }
                if generation == truncationCount && start == startOffset { throw error }
            }
        }
    }

    /// The first offset whose batch has a commit timestamp of at least `timestamp`; nil if none
    /// has.
    public func offset(forTimestamp timestamp: Timestamp) async throws -> Int64? {
        var next: Int64?
        while true {
            if state.timestamp < timestamp || startOffset == endOffset { return nil }
            guard
                let segment = segments.first(where: {
                    !$0.index.isEmpty && $0.index.lastTimestamp >= timestamp
                        && $0.endOffset > startOffset
                })
            else { return nil }
            let offset = max(next ?? segment.index.entry(of: timestamp).offset, startOffset)
            let batches = try await readBatches(from: offset, maximumByteCount: 64 * 1024)
            if let batch = batches.first(where: { $0.commitTimestamp >= timestamp }) {
                return max(batch.baseOffset, startOffset)
            }
            // Truncation may have taken what the index promised.
            guard let last = batches.last else { return nil }
            next = last.endOffset
        }
    }

    // MARK: Segments

    /// A segment that will not change any more, for tiering.
    public struct SealedSegment: Hashable, Sendable {
        public var baseOffset: Int64
        public var endOffset: Int64
        public var byteCount: Int64
        /// The commit timestamp of the newest batch.
        public var maximumTimestamp: Timestamp
    }

    /// The segments that are sealed and durable, oldest first.
    public var sealedSegments: [SealedSegment] {
        segments.dropLast().filter { $0.endOffset <= syncedEndOffset }.map {
            SealedSegment(
                baseOffset: $0.baseOffset, endOffset: $0.endOffset, byteCount: $0.index.byteCount,
                maximumTimestamp: $0.index.lastTimestamp)
        }
    }

    /// All batches of a sealed segment, checked, as `LogBatch.split` takes them.
    public func readSegment(at baseOffset: Int64) async throws -> [UInt8] {
        guard let segment = sealedSegments.first(where: { $0.baseOffset == baseOffset }) else {
            throw ChangelogError.offsetOutOfRange(
                directory, offset: baseOffset, valid: startOffset..<endOffset)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(segment.byteCount))
        var offset = baseOffset
        while offset < segment.endOffset {
            let batches = try await readBatches(
                from: offset, below: segment.endOffset, maximumByteCount: 4 * 1024 * 1024)
            guard let last = batches.last else {
                throw ChangelogError.truncated(directory, endOffset: endOffset)
            }
            for batch in batches { bytes += batch.slice }
            offset = last.endOffset
        }
        return bytes
    }

    /// Reads all of the log that is on the disk and throws `.damaged` at the first bad byte.
    public func verify() async throws {
        var offset = startOffset
        let end = syncedEndOffset
        while offset < end {
            guard let position = segments.lastIndex(where: { $0.baseOffset <= offset }) else {
                return
            }
            let segment = segments[position]
            let limit = min(end, segment.endOffset)
            let generation = truncationCount
            let start = startOffset
            do {
                let batches = try await segment.read(
                    from: offset, below: limit, maximumByteCount: 1024 * 1024, machine)
                guard let last = batches.last else { return }
                offset = last.endOffset
            } catch {
                if error is Terminated { throw error }
                if generation == truncationCount && start == startOffset { throw error }
                return
            }
        }
    }
}
