public import Platform

extension ChangeLog {
    /// Opens the log in a folder, or makes an empty one, and recovers it from any crash.
    ///
    /// A torn tail is cut: nobody was told that it was durable. Damage to what was durable is
    /// thrown as `.damaged`, or the log is cut there, as `policy` says; it is never dropped in
    /// silence. Logs of one server share a `groupCommit`, and so their syncs.
    public static func open(
        _ machine: Machine, directory: String,
        configuration: ChangeLogConfiguration = ChangeLogConfiguration(),
        policy: DamagePolicy = .refuse, groupCommit: GroupCommit? = nil
    ) async throws -> ChangeLog {
        var opening = LogOpening(
            machine: machine, groupCommit: groupCommit ?? GroupCommit(machine),
            directory: directory, configuration: configuration)
        return try await opening.open(policy)
    }
}

/// The work of opening a log; the steps are in the order in which they are taken.
struct LogOpening {
    let machine: Machine
    let groupCommit: GroupCommit
    let directory: String
    let configuration: ChangeLogConfiguration
    private var checkpoint: LogCheckpoint?
    private var segments: [LogSegment] = []
    private var recovery = LogRecovery()

    init(
        machine: Machine, groupCommit: GroupCommit, directory: String,
        configuration: ChangeLogConfiguration
    ) {
        self.machine = machine
        self.groupCommit = groupCommit
        self.directory = directory
        self.configuration = configuration
    }

    private var disk: any Disk { machine.disk }
    private var startOffset: Int64 {
        checkpoint?.startOffset ?? segments.first?.baseOffset ?? 0
    }

    mutating func open(_ policy: DamagePolicy) async throws -> ChangeLog {
        try await readFolder()
        do {
            return try await openSound()
        } catch ChangelogError.damaged(let damage) {
            if policy == .refuse { throw ChangelogError.damaged(damage) }
            machine.observer.reached("log cut at damage")
            try await cut(at: damage)
        }
        let damage = recovery.damage
        self = LogOpening(
            machine: machine, groupCommit: groupCommit, directory: directory,
            configuration: configuration)
        recovery.damage = damage
        try await readFolder()
        return try await openSound()
    }

    // MARK: The folder

    private mutating func readFolder() async throws {
        let names: [String]
        do { names = try await disk.list(directory) } catch DiskError.notFound {
            try await disk.createDirectory(directory)
            try await disk.syncParents(of: directory)
            return
        }
        if let bytes = try await machine.readFile(directory + "/" + LogFile.checkpoint, limit: 1024)
        {
            checkpoint = LogCheckpoint(decoding: bytes)
        } else {
            // A former life may have died between making the folder and this.
            try await disk.syncParents(of: directory)
        }
        let bases = names.compactMap(LogSegment.parse).filter { $0.kind == .log }.map(\.baseOffset)
        segments = bases.map { LogSegment(baseOffset: $0, directory: directory) }
        try await removeLeftovers(names)
    }

    /// Removes what a crash left half done: drafts, segments below the start, files of no segment.
    private mutating func removeLeftovers(_ names: [String]) async throws {
        while segments.count > 1, segments[1].baseOffset <= startOffset {
            segments.removeFirst()
        }
        let bases = segments.map(\.baseOffset)
        for name in names where name != LogFile.checkpoint {
            if let (base, kind) = LogSegment.parse(name) {
                if bases.contains(base) { continue }
                if kind == .snapshot && segments.isEmpty && base == startOffset { continue }
            } else if name != LogFile.checkpointDraft {
                continue
            }
            try await disk.remove(directory + "/" + name)
        }
        // Also what a former life removed must not come back.
        try await disk.syncDirectory(directory)
    }

    // MARK: Segments

    private mutating func openSound() async throws -> ChangeLog {
        let synced = checkpoint?.syncedEndOffset ?? 0
        if segments.isEmpty {
            if synced > startOffset {
                throw damaged(directory, 0, startOffset..<synced, "the segments are gone")
            }
            return try await openEmpty()
        }
        if segments[0].baseOffset > startOffset {
            throw damaged(
                segments[0].path, 0, startOffset..<segments[0].baseOffset,
                "the segment before it is gone")
        }
        for position in segments.indices.dropLast() {
            try await openSealed(segments[position], next: segments[position + 1].baseOffset)
        }
        let active = segments[segments.count - 1]
        var state = try await startState(of: active, after: Array(segments.dropLast()))
        try await openActive(active, &state, checkpointed: synced)
        let log = ChangeLog(
            machine: machine, groupCommit: groupCommit, directory: directory,
            configuration: configuration,
            checkpoint: checkpoint
                ?? LogCheckpoint(startOffset: startOffset, syncedEndOffset: startOffset),
            segments: segments, state: state)
        log.recovery = recovery
        return log
    }

    private mutating func openEmpty() async throws -> ChangeLog {
        let segment = LogSegment(baseOffset: startOffset, directory: directory)
        var state = LogState(
            endOffset: startOffset, writerExpiration: configuration.writerExpiration)
        if let bytes = try await machine.readFile(segment.snapshotPath) {
            guard
                let read = LogState(
                    decoding: bytes, writerExpiration: configuration.writerExpiration),
                read.endOffset == startOffset
            else {
                throw damaged(
                    segment.snapshotPath, 0, startOffset..<startOffset, "not a sound snapshot")
            }
            state = read
            segment.startState = bytes
            // It goes with the segment, though that has no file of its own yet.
            segment.mayHaveSnapshot = true
        }
        let checkpoint = LogCheckpoint(startOffset: startOffset, syncedEndOffset: startOffset)
        if self.checkpoint == nil {
            try await disk.replaceFile(
                directory + "/" + LogFile.checkpoint, with: checkpoint.encoded(), in: directory)
        }
        let log = ChangeLog(
            machine: machine, groupCommit: groupCommit, directory: directory,
            configuration: configuration,
            checkpoint: checkpoint, segments: [segment], state: state)
        log.recovery = recovery
        return log
    }

    /// A sealed segment is as its index says, or is scanned to find out what it is.
    private mutating func openSealed(_ segment: LogSegment, next: Int64) async throws {
        let file = try await segment.open(disk)
        let size = try await file.size()
        segment.isCreated = true
        segment.syncedByteCount = size
        if let bytes = try await machine.readFile(segment.indexPath),
            let index = SegmentIndex(decoding: bytes), index.baseOffset == segment.baseOffset,
            index.endOffset == next, index.byteCount == size
        {
            segment.index = index
            segment.isIndexed = true
            return
        }
        machine.observer.reached("index of a sealed segment rebuilt")
        var scanner = SegmentScanner(machine, file, fileByteCount: size)
        var index = SegmentIndex(baseOffset: segment.baseOffset)
        var reason = "the segment ends before the next begins"
        scan: while true {
            switch try await scanner.next() {
            case .batch(let batch, _) where batch.baseOffset == index.endOffset:
                index.append(batch, interval: configuration.indexInterval)
                recovery.scannedBatchCount += 1
            case .batch(let batch, _):
                reason = "a batch at \(batch.baseOffset) stands in its place"
                break scan
            case .bad(let why):
                reason = why
                break scan
            case .end: break scan
            }
        }
        guard index.endOffset == next, index.byteCount == size else {
            let end = index.endOffset
            let found = try await scanner.search(from: index.byteCount) {
                $0.baseOffset > end && $0.baseOffset < next
            }
            throw damaged(
                segment.path, index.byteCount,
                end..<max(end, min(found?.baseOffset ?? next, next)), reason)
        }
        segment.index = index
        try await disk.writeFile(index.encoded(), to: segment.indexPath)
        segment.isIndexed = true
    }

    /// The state at the start of a segment: its snapshot, or that of an earlier one and what
    /// follows.
    func startState(of segment: LogSegment, after earlier: [LogSegment]) async throws -> LogState {
        let expiration = configuration.writerExpiration
        var skipped: [LogSegment] = []
        for candidate in [segment] + earlier.reversed() {
            skipped.append(candidate)
            if var state = try await snapshot(of: candidate) {
                for segment in skipped.reversed() { try await replay(segment, &state) }
                return state
            }
            if candidate.baseOffset > 0 { machine.observer.reached("log snapshot rebuilt") }
        }
        // Before the very first batch there is nothing to remember; later there is.
        let first = skipped[skipped.count - 1]
        if first.baseOffset > 0 {
            throw damaged(
                first.snapshotPath, 0, first.baseOffset..<segment.baseOffset,
                "no sound snapshot of the log's writers is left")
        }
        var state = LogState(endOffset: 0, writerExpiration: expiration)
        for segment in skipped.reversed() { try await replay(segment, &state) }
        return state

        func replay(_ each: LogSegment, _ state: inout LogState) async throws {
            if each === segment { return }
            while state.endOffset < each.endOffset {
                let batches = try await each.read(
                    from: state.endOffset, below: each.endOffset, maximumByteCount: 1024 * 1024,
                    machine)
                for batch in batches { state.append(batch) }
            }
        }
    }

    private func snapshot(of segment: LogSegment) async throws -> LogState? {
        guard let bytes = try await machine.readFile(segment.snapshotPath) else {
            return nil
        }
        let state = LogState(decoding: bytes, writerExpiration: configuration.writerExpiration)
        return state?.endOffset == segment.baseOffset ? state : nil
    }

    // MARK: The growing segment

    private mutating func openActive(
        _ segment: LogSegment, _ state: inout LogState, checkpointed: Int64
    ) async throws {
        let file = try await segment.open(disk)
        segment.isCreated = true
        var scanner = SegmentScanner(machine, file, fileByteCount: try await file.size())
        // Up to where frames and checkpoint vouch that bytes were durable, and the batches beyond.
        var vouched = max(checkpointed, segment.baseOffset)
        var unproven: [(offset: Int64, position: Int64)] = []
        var reason = "the file ends too early"
        scan: while true {
            let position = scanner.position
            switch try await scanner.next() {
            case .batch(let batch, let synced):
                if let objection = state.objection(to: batch) {
                    reason = objection
                    break scan
                }
                if synced > vouched {
                    vouched = synced
                    unproven.removeAll { $0.offset < synced }
                }
                if batch.baseOffset >= vouched { unproven.append((batch.baseOffset, position)) }
                state.append(batch)
                segment.index.append(batch, interval: configuration.indexInterval)
                recovery.scannedBatchCount += 1
            case .bad(let why):
                reason = why
                break scan
            case .end: break scan
            }
        }
        let end = state.endOffset
        let good = segment.index.byteCount
        if vouched <= end, good < scanner.fileByteCount {
            let found = try await scanner.search(from: good) {
                $0.syncedEndOffset > end && $0.baseOffset > end
            }
            if let found { vouched = found.baseOffset }
        }
        if vouched > end {
            throw damaged(segment.path, good, end..<vouched, reason)
        }
        if good < scanner.fileByteCount {
            recovery.tornByteCount = scanner.fileByteCount - good
            machine.observer.reached("torn tail cut")
            try await file.truncate(to: good)
        }
        try await rewrite(file, from: unproven.first?.position ?? good, to: good)
        // Also if nothing was cut or written here: a former life may have cut the file and died
        // before its sync, and then a power loss would bring back what this life never saw.
        try await file.sync()
        segment.syncedByteCount = good
    }

    /// Writes what may be in the page cache alone once more: a sync that failed before the crash
    /// has let the kernel forget that it is not on the device.
    private func rewrite(_ file: any File, from start: Int64, to end: Int64) async throws {
        var position = start
        while position < end {
            let bytes = try await file.read(
                at: position, count: Int(min(1024 * 1024, end - position)))
            if bytes.isEmpty {
                throw DiskError.inputOutput(path: file.path, operation: "read of a known length")
            }
            try await file.write(bytes, at: position)
            position += Int64(bytes.count)
        }
    }

    // MARK: Damage

    private func damaged(
        _ path: String, _ position: Int64, _ offsets: Range<Int64>, _ reason: String
    ) -> ChangelogError {
        .damaged(LogDamage(path: path, position: position, offsets: offsets, reason: reason))
    }

    /// Removes all from the damage on: newest first, and the claim of durability before that.
    private mutating func cut(at damage: LogDamage) async throws {
        let end = max(damage.offsets.lowerBound, startOffset)
        let start = startOffset
        try await disk.replaceFile(
            directory + "/" + LogFile.checkpoint,
            with: LogCheckpoint(startOffset: start, syncedEndOffset: start).encoded(),
            in: directory)
        let isWholeLogLost = segments.first.map { $0.baseOffset > start } ?? true
        for segment in segments.reversed() where isWholeLogLost || segment.baseOffset >= end {
            try await remove(segment.path)
            try await remove(segment.indexPath)
            // The writers of what came before the log's start are still known.
            if isWholeLogLost || segment.baseOffset > start {
                try await remove(segment.snapshotPath)
            }
            try await disk.syncDirectory(directory)
        }
        if damage.path.hasSuffix(LogSegment.Kind.snapshot.rawValue) {
            try await remove(damage.path)
        }
        try await disk.syncDirectory(directory)
        let last = segments.last { $0.path == damage.path && $0.baseOffset < end }
        if let last, !isWholeLogLost {
            let file = try await last.open(disk)
            try await file.truncate(to: damage.position)
            try await file.sync()
        }
        for segment in segments { await segment.close() }
        recovery.damage = damage
    }

    private func remove(_ path: String) async throws {
        do { try await disk.remove(path) } catch DiskError.notFound {}
    }
}
