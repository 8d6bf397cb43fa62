import Platform

/// One machine's file system in the tank.
final class SimulatedDisk: Disk {
    let world: SimulationWorld
    let node: SimulatedNode
    let lifetime: Lifetime

    init(world: SimulationWorld, node: SimulatedNode, lifetime: Lifetime) {
        self.world = world
        self.node = node
        self.lifetime = lifetime
    }

    func open(_ path: String, _ mode: OpenMode) async throws -> any File {
        try validatePath(path)
        try await nameOperation()
        let found = try node.disk.file(path)
        if found != nil && mode == .new { throw DiskError.exists(path: path) }
        if found == nil && mode == .existing { throw DiskError.notFound(path: path) }
        if node.disk.openCount >= node.disk.openLimit {
            throw DiskError.tooManyOpenFiles(path: path)
        }
        let fault = try nameFault("open", path, isChange: found == nil)
        let content = found ?? FileContent()
        if found == nil {
            let (folder, name) = try node.disk.parent(of: path)
            node.disk.add(content, named: name, in: folder)
        }
        record(.diskOpen, path, found == nil ? 1 : 0)
        if let fault { throw fault }
        return SimulatedFile(path: path, content: content, disk: self)
    }

    func rename(_ source: String, to target: String) async throws {
        try validatePath(source)
        try validatePath(target)
        try await nameOperation()
        let (sourceFolder, sourceName) = try node.disk.parent(of: source)
        let (targetFolder, targetName) = try node.disk.parent(of: target)
        guard let entry = sourceFolder.entries[sourceName] else {
            throw DiskError.notFound(path: source)
        }
        guard case .file = entry else {
            throw DiskError.inputOutput(path: source, operation: "rename of a folder")
        }
        if case .directory? = targetFolder.entries[targetName] {
            throw DiskError.inputOutput(path: target, operation: "rename over a folder")
        }
        let fault = try nameFault("rename", target, isChange: true)
        record(.diskName, target)
        if sourceFolder !== targetFolder || sourceName != targetName {
            node.disk.move(entry, (sourceFolder, sourceName), to: (targetFolder, targetName))
        }
        if let fault { throw fault }
    }

    func remove(_ path: String) async throws {
        try validatePath(path)
        try await nameOperation()
        let (folder, name) = try node.disk.parent(of: path)
        switch folder.entries[name] {
        case nil: throw DiskError.notFound(path: path)
        case .directory: throw DiskError.inputOutput(path: path, operation: "removal of a folder")
        case .file: break
        }
        let fault = try nameFault("removal", path, isChange: true)
        node.disk.remove(name, in: folder)
        record(.diskName, path)
        if let fault { throw fault }
    }

    func list(_ directory: String) async throws -> [String] {
        if !directory.isEmpty { try validatePath(directory) }
        try await nameOperation()
        let entries = try node.disk.directory(directory).entries
        _ = try nameFault("list", directory, isChange: false)
        let names = entries.names.map { name in
            if case .directory = entries[name]! { return name + "/" }
            return name
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func createDirectory(_ directory: String) async throws {
        try validatePath(directory)
        try await nameOperation()
        let fault = try nameFault("mkdir", directory, isChange: true)
        var current = node.disk.root
        for part in directory.split(separator: "/").map(String.init) {
            switch current.entries[part] {
            case .directory(let next): current = next
            case .file: throw DiskError.exists(path: directory)
            case nil: current = node.disk.addDirectory(named: part, in: current)
            }
        }
        record(.diskName, directory)
        if let fault { throw fault }
    }

    func syncDirectory(_ directory: String) async throws {
        if !directory.isEmpty { try validatePath(directory) }
        try lifetime.check()
        let folder = try node.disk.directory(directory)
        let covered = node.disk.nameSequence
        try await pass(world.costs.diskSync, byteCount: 0)
        _ = try nameFault("sync of the folder", directory, isChange: false)
        folder.commit(upTo: covered)
        node.disk.count { $0.syncs += 1 }
        record(.diskSync, directory)
    }

    func sync(_ files: [any File]) async throws {
        let files = files.map { file -> SimulatedFile in
            guard let file = file as? SimulatedFile else {
                preconditionFailure("\(file.path) is no file of this disk")
            }
            return file
        }
        for file in files { try file.check() }
        let covered = files.map(\.sequence)
        let cost = world.costs.diskSync.adding(
            world.costs.diskSyncFile, times: files.count - 1)
        try await pass(cost, byteCount: files.reduce(0) { $0 + $1.dirtyByteCount })
        node.disk.count { $0.syncs += 1 }
        var failure: (any Error)?
        for (file, covered) in zip(files, covered) {
            do { try file.finishSync(upTo: covered) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    // MARK: Cost and trace

    /// Lets a request's time pass: the device takes one after the other.
    func pass(_ cost: LatencyDistribution, byteCount: Int) async throws {
        try lifetime.check()
        let image = node.disk
        let work =
            image.random.nanoseconds(in: cost)
            + CostModel.transfer(byteCount, at: world.costs.diskBytesPerSecond)
        let done = max(image.busyUntil, world.nanoseconds) + work * image.slowFactor
        image.busyUntil = done
        try await lifetime.wait { (wait: Wait<Void>) in
            world.schedule(done, node: node.index) { wait.resume(returning: ()) }
        }
    }

    private func nameOperation() async throws {
        node.disk.count { $0.nameChanges += 1 }
        try await pass(world.costs.diskName, byteCount: 0)
    }

    /// Draws whether an operation on names fails: throws if it has no effect, and returns the error
    /// that is to be thrown after the effect if it has one.
    private func nameFault(
        _ operation: String, _ path: String, isChange: Bool
    ) throws(DiskError) -> DiskError? {
        let image = node.disk
        if !image.random.chance(partsPerMillion: image.failingNamesPerMillion) { return nil }
        let error = DiskError.inputOutput(path: path, operation: operation)
        world.record(
            .diskName, node: node.index, hashOfBytes(path.utf8), .max,
            "\(operation) of \(path), error")
        if isChange && image.random.chance(1, in: 2) { return error }
        throw error
    }

    func record(_ kind: EventKind, _ path: String, _ second: UInt64 = 0) {
        if kind != .diskOpen || second == 1 { _ = world.operated(.disk, node: node.index) }
        world.record(kind, node: node.index, hashOfBytes(path.utf8), second, path)
    }
}

/// An open file in the tank.
final class SimulatedFile: File {
    let path: String
    private let content: FileContent
    private let disk: SimulatedDisk
    private let pathHash: UInt64
    private var isClosed = false

    init(path: String, content: FileContent, disk: SimulatedDisk) {
        self.path = path
        self.content = content
        self.disk = disk
        pathHash = hashOfBytes(path.utf8)
        disk.node.disk.openCount += 1
    }

    private var image: DiskImage { disk.node.disk }

    func read(at offset: Int64, count: Int) async throws -> [UInt8] {
        try check()
        if offset < 0 || count < 0 { throw DiskError.inputOutput(path: path, operation: "read") }
        // What lies beyond the end costs nothing.
        let present = Int(max(0, min(Int64(count), content.bytes.count - offset)))
        try await disk.pass(disk.world.costs.diskRead, byteCount: present)
        if image.random.chance(partsPerMillion: image.failingReadsPerMillion) {
            record(.diskRead, .max, "error")
            throw DiskError.inputOutput(path: path, operation: "read")
        }
        if content.isUnreadable(offset..<offset + Int64(count)) {
            record(.diskRead, .max - 1, "unreadable sector")
            throw DiskError.inputOutput(path: path, operation: "read")
        }
        let bytes = content.bytes.read(at: offset, count: count)
        image.count {
            $0.reads += 1
            $0.readBytes += bytes.count
        }
        record(
            .diskRead, UInt64(offset) << 24 ^ UInt64(bytes.count),
            "\(bytes.count) bytes at \(offset)")
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: Int64) async throws {
        try check()
        if offset < 0 { throw DiskError.inputOutput(path: path, operation: "write") }
        if image.random.chance(partsPerMillion: image.failingWritesPerMillion) {
            // A failed write may have been done in part.
            let part = image.random.next(in: 0..<(bytes.count + 1))
            _ = put(Array(bytes[..<part]), at: offset)
            throw DiskError.inputOutput(path: path, operation: "write")
        }
        if content.needsUnreadable(toWrite: offset..<offset + Int64(bytes.count)) {
            throw DiskError.inputOutput(path: path, operation: "write")
        }
        if put(bytes, at: offset) < bytes.count { throw DiskError.full(path: path) }
        try await disk.pass(disk.world.costs.diskWrite, byteCount: bytes.count)
    }

    private func put(_ bytes: [UInt8], at offset: Int64) -> Int {
        let count = image.write(bytes, to: content, at: offset)
        image.count {
            $0.writes += 1
            $0.writtenBytes += count
        }
        disk.world.byteWitness?.wrote(bytes[..<count], to: path, on: disk.node.name)
        record(
            .diskWrite, UInt64(offset) ^ contentHash(bytes) &+ UInt64(bytes.count - count),
            "\(count) bytes at \(offset)")
        return count
    }

    func truncate(to size: Int64) async throws {
        try check()
        if size < 0 { throw DiskError.inputOutput(path: path, operation: "truncate") }
        image.truncate(content, to: size)
        record(.diskTruncate, UInt64(size), "to \(size) bytes")
        try await disk.pass(disk.world.costs.diskWrite, byteCount: 0)
    }

    func sync() async throws { try await disk.sync([self]) }

    /// How much has been written to the file.
    fileprivate var sequence: UInt64 { content.sequence }
    fileprivate var dirtyByteCount: Int { Int(content.dirtyByteCount) }

    /// What a sync that covers everything up to a moment does to this file.
    fileprivate func finishSync(upTo covered: UInt64) throws {
        if image.random.chance(partsPerMillion: image.failingSyncsPerMillion) {
            content.dropDirtyPages(upTo: covered)
            record(.diskSync, 1, "error")
            throw DiskError.inputOutput(path: path, operation: "sync")
        }
        if !image.silentWriteFaults.isEmpty,
            let what = image.misplaceOrLose(path, content, upTo: covered)
        {
            disk.world.record(.fault, node: disk.node.index, 12, pathHash, what)
        }
        content.makeDurable(upTo: covered)
        record(.diskSync, UInt64(content.count) << 1, "\(content.count) bytes")
    }

    func size() async throws -> Int64 {
        try check()
        return content.count
    }

    func close() async {
        // What a former life left open was closed with its process.
        if !isClosed && !disk.lifetime.isEnded { image.openCount -= 1 }
        isClosed = true
    }

    private func record(
        _ kind: EventKind, _ second: UInt64, _ detail: @autoclosure () -> String
    ) {
        if kind != .diskRead { _ = disk.world.operated(.disk, node: disk.node.index) }
        disk.world.record(
            kind, node: disk.node.index, pathHash, second, "\(path), \(detail())")
    }

    fileprivate func check() throws {
        try disk.lifetime.check()
        if isClosed { throw DiskError.closed(path: path) }
    }
}

extension SimulationWorld {
    /// Sets the faults of a machine's disk.
    public func setDiskFaults(_ name: String, _ faults: DiskFaults) {
        let node = node(name)
        // How full a full disk is may have changed, and what did not change is no event.
        if faults == node.disk.faults && !faults.isFull { return }
        node.disk.faults = faults
        node.disk.slowFactor = Int64(max(1, faults.slowFactor))
        node.disk.failingSyncsPerMillion = faults.failingSyncsPerMillion
        node.disk.failingReadsPerMillion = faults.failingReadsPerMillion
        node.disk.failingWritesPerMillion = faults.failingWritesPerMillion
        node.disk.failingNamesPerMillion = faults.failingNamesPerMillion
        node.disk.openLimit = faults.openFileLimit
        node.disk.capacity = faults.isFull ? node.disk.usedBytes : faults.capacityBytes
        record(.fault, node: node.index, 5, UInt64(node.disk.slowFactor), "disk faults change")
    }

    /// Flips one random bit at rest in a file whose path contains `part`; false if there is none.
    public func rotBit(_ name: String, inPathContaining part: String) -> Bool {
        let node = node(name)
        let filled = node.disk.files().filter { $0.path.contains(part) && $0.content.count > 0 }
        if filled.isEmpty { return false }
        let (path, content) = filled[node.disk.random.next(in: 0..<filled.count)]
        let bit = node.disk.random.next(in: 0..<UInt64(content.count * 8))
        content.flipBit(Int64(bit))
        record(.fault, node: node.index, 6, bit, "bit \(bit) of \(path) flips")
        return true
    }

    /// Makes one random sector at rest unreadable until it is written anew, in a file whose path
    /// contains `part`; false if there is none.
    ///
    /// A latent sector error (Bairavasundaram et al., "An Analysis of Latent Sector Errors in Disk
    /// Drives", SIGMETRICS 2007): each read that meets it fails with EIO, the others do not.
    public func loseSector(_ name: String, inPathContaining part: String) -> Bool {
        let node = node(name)
        let filled = node.disk.files().filter { $0.path.contains(part) && $0.content.count > 0 }
        if filled.isEmpty { return false }
        let (path, content) = filled[node.disk.random.next(in: 0..<filled.count)]
        let count = (content.count + FileContent.sectorSize - 1) / FileContent.sectorSize
        let sector = Int64(node.disk.random.next(in: 0..<UInt64(count))) * FileContent.sectorSize
        content.makeUnreadable(sector: sector)
        record(
            .fault, node: node.index, 22, UInt64(sector),
            "the sector of \(path) at \(sector) cannot be read any more")
        return true
    }

    /// Has the next sync of a file whose path contains `part` lose one sector in silence: it was
    /// acknowledged, yet the medium keeps what it had (Bairavasundaram et al., "An Analysis of Data
    /// Corruption in the Storage Stack", FAST 2008).
    public func loseWrite(_ name: String, inPathContaining part: String) {
        addSilentWriteFault(name, DiskImage.SilentWriteFault(isMisdirected: false, part: part))
    }

    /// Like `loseWrite`, but the sector lands at another place of the same file or of another
    /// (Krioukov et al., "Parity Lost and Parity Regained", FAST 2008).
    public func misdirectWrite(_ name: String, inPathContaining part: String) {
        addSilentWriteFault(name, DiskImage.SilentWriteFault(isMisdirected: true, part: part))
    }

    private func addSilentWriteFault(_ name: String, _ fault: DiskImage.SilentWriteFault) {
        let node = node(name)
        node.disk.silentWriteFaults.append(fault)
        record(
            .fault, node: node.index, 13, fault.isMisdirected ? 1 : 0,
            "a write of \(fault.part) will go wrong")
    }

    /// Puts an empty disk in the place of a machine's, which has to be off.
    public func replaceDisk(_ name: String) {
        let node = node(name)
        precondition(!isRunning(name), "\(name) is running")
        node.disk = DiskImage(random: node.disk.random)
        record(.fault, node: node.index, 23, 0, "the disk of \(name) is replaced by an empty one")
    }

    public func diskCounters(of name: String) -> DiskCounters { node(name).disk.counters }

    /// Bytes that a machine's files hold.
    public func diskBytes(of name: String) -> Int64 { node(name).disk.usedBytes }
}

/// What is wrong with a disk; the default is nothing.
public struct DiskFaults: Hashable, Sendable {
    /// Each request takes this many times as long.
    public var slowFactor = 1
    public var isFull = false
    public var capacityBytes: Int64 = .max
    /// A failed sync drops the dirty pages and reports the error once, as Linux does.
    public var failingSyncsPerMillion = 0
    public var failingReadsPerMillion = 0
    public var failingWritesPerMillion = 0
    /// Opens, renames, removals, listings, new folders and syncs of folders that fail with EIO; of
    /// those that change something, half have their effect all the same.
    public var failingNamesPerMillion = 0
    /// Files that a process may have open; only closing one makes room for another.
    public var openFileLimit = Int.max

    public init() {}
}
