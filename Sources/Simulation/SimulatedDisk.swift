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
        let content: DiskImage.Content
        if let found {
            content = found
        } else {
            content = DiskImage.Content()
            let (folder, name) = try node.disk.parent(of: path)
            node.disk.set(.file(content), named: name, in: folder)
            record(.diskName, path)
        }
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
        record(.diskName, target)
        if sourceFolder === targetFolder && sourceName == targetName { return }
        if sourceFolder === targetFolder {
            node.disk.set(entry, named: targetName, in: targetFolder, removing: sourceName)
        } else {
            node.disk.set(entry, named: targetName, in: targetFolder)
            sourceFolder.entries[sourceName] = nil
            sourceFolder.changes.append(
                DiskImage.Change(name: sourceName, entry: nil, removed: nil))
        }
    }

    func remove(_ path: String) async throws {
        try validatePath(path)
        try await nameOperation()
        let (folder, name) = try node.disk.parent(of: path)
        switch folder.entries[name] {
        case nil: throw DiskError.notFound(path: path)
        case .directory: throw DiskError.inputOutput(path: path, operation: "removal of a folder")
        case .file: node.disk.set(nil, named: name, in: folder)
        }
        record(.diskName, path)
    }

    func list(_ directory: String) async throws -> [String] {
        if !directory.isEmpty { try validatePath(directory) }
        try await nameOperation()
        let entries = try node.disk.directory(directory).entries
        let names = entries.names.map { name in
            if case .directory = entries[name]! { return name + "/" }
            return name
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func createDirectory(_ directory: String) async throws {
        try validatePath(directory)
        try await nameOperation()
        var current = node.disk.root
        for part in directory.split(separator: "/").map(String.init) {
            switch current.entries[part] {
            case .directory(let next): current = next
            case .file: throw DiskError.exists(path: directory)
            case nil:
                let next = DiskImage.Directory()
                node.disk.set(.directory(next), named: part, in: current)
                current = next
            }
        }
        record(.diskName, directory)
    }

    func syncDirectory(_ directory: String) async throws {
        if !directory.isEmpty { try validatePath(directory) }
        try lifetime.check()
        let folder = try node.disk.directory(directory)
        try await pass(world.costs.diskSync, byteCount: 0)
        node.disk.sync(folder)
        node.disk.count { $0.syncs += 1 }
        record(.diskSync, directory)
    }

    // MARK: Cost and trace

    /// Lets a request's time pass: the device takes one after the other.
    func pass(_ cost: Range<Duration>, byteCount: Int) async throws {
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

    func record(_ kind: EventKind, _ path: String, _ second: UInt64 = 0) {
        world.record(kind, node: node.index, hashOfBytes(path.utf8), second)
    }
}

/// An open file in the tank.
final class SimulatedFile: File {
    let path: String
    private let content: DiskImage.Content
    private let disk: SimulatedDisk
    private let pathHash: UInt64
    private var isClosed = false

    init(path: String, content: DiskImage.Content, disk: SimulatedDisk) {
        self.path = path
        self.content = content
        self.disk = disk
        pathHash = hashOfBytes(path.utf8)
    }

    private var image: DiskImage { disk.node.disk }

    func read(at offset: Int64, count: Int) async throws -> [UInt8] {
        try check()
        if offset < 0 || count < 0 { throw DiskError.inputOutput(path: path, operation: "read") }
        // What lies beyond the end costs nothing.
        let present = Int(max(0, min(Int64(count), content.bytes.count - offset)))
        try await disk.pass(disk.world.costs.diskRead, byteCount: present)
        if image.random.chance(partsPerMillion: image.failingReadsPerMillion) {
            throw DiskError.inputOutput(path: path, operation: "read")
        }
        let bytes = content.bytes.read(at: offset, count: count)
        image.count {
            $0.reads += 1
            $0.readBytes += bytes.count
        }
        disk.world.record(
            .diskRead, node: disk.node.index, pathHash, UInt64(offset) << 24 ^ UInt64(bytes.count))
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: Int64) async throws {
        try check()
        if offset < 0 { throw DiskError.inputOutput(path: path, operation: "write") }
        if image.random.chance(partsPerMillion: image.failingWritesPerMillion) {
            // A failed write may have been done in part.
            let part = image.random.next(in: 0..<(bytes.count + 1))
            try? image.write(Array(bytes[..<part]), to: content, at: offset, path: path)
            throw DiskError.inputOutput(path: path, operation: "write")
        }
        try image.write(bytes, to: content, at: offset, path: path)
        image.count {
            $0.writes += 1
            $0.writtenBytes += bytes.count
        }
        disk.world.record(
            .diskWrite, node: disk.node.index, pathHash, UInt64(offset) ^ contentHash(bytes))
        try await disk.pass(disk.world.costs.diskWrite, byteCount: bytes.count)
    }

    func truncate(to size: Int64) async throws {
        try check()
        if size < 0 { throw DiskError.inputOutput(path: path, operation: "truncate") }
        image.truncate(content, to: size)
        disk.world.record(.diskTruncate, node: disk.node.index, pathHash, UInt64(size))
        try await disk.pass(disk.world.costs.diskWrite, byteCount: 0)
    }

    func sync() async throws {
        try check()
        let covered = content.sequence
        let bytes = content.undo.reduce(0) { $0 + Int($1.writtenCount) }
        try await disk.pass(disk.world.costs.diskSync, byteCount: bytes)
        image.count { $0.syncs += 1 }
        if image.random.chance(partsPerMillion: image.failingSyncsPerMillion) {
            image.doom(content, upTo: covered)
            disk.world.record(.diskSync, node: disk.node.index, pathHash, 1)
            throw DiskError.inputOutput(path: path, operation: "sync")
        }
        image.makeDurable(content, upTo: covered)
        disk.world.record(
            .diskSync, node: disk.node.index, pathHash, UInt64(content.bytes.count) << 1)
    }

    func size() async throws -> Int64 {
        try check()
        return content.bytes.count
    }

    func close() async { isClosed = true }

    private func check() throws {
        try disk.lifetime.check()
        if isClosed { throw DiskError.closed(path: path) }
    }
}

extension SimulationWorld {
    /// Sets the faults of a machine's disk.
    public func setDiskFaults(_ name: String, _ faults: DiskFaults) {
        let node = node(name)
        node.disk.slowFactor = Int64(max(1, faults.slowFactor))
        node.disk.failingSyncsPerMillion = faults.failingSyncsPerMillion
        node.disk.failingReadsPerMillion = faults.failingReadsPerMillion
        node.disk.failingWritesPerMillion = faults.failingWritesPerMillion
        node.disk.capacity = faults.isFull ? node.disk.usedBytes : faults.capacityBytes
        record(.fault, node: node.index, 5, UInt64(node.disk.slowFactor))
    }

    /// Flips one random bit at rest in a file whose path contains `part`; false if there is none.
    public func rotBit(_ name: String, inPathContaining part: String) -> Bool {
        let node = node(name)
        var candidates: [DiskImage.Content] = []
        collect(node.disk.root, "", part, &candidates)
        let filled = candidates.filter { $0.bytes.count > 0 }
        if filled.isEmpty { return false }
        let content = filled[node.disk.random.next(in: 0..<filled.count)]
        let bit = node.disk.random.next(in: 0..<UInt64(content.bytes.count * 8))
        content.bytes.flipBit(Int64(bit))
        record(.fault, node: node.index, 6, bit)
        return true
    }

    public func diskCounters(of name: String) -> DiskCounters { node(name).disk.counters }

    /// Bytes that a machine's files hold.
    public func diskBytes(of name: String) -> Int64 { node(name).disk.usedBytes }

    private func collect(
        _ folder: DiskImage.Directory, _ path: String, _ part: String,
        _ found: inout [DiskImage.Content]
    ) {
        for name in folder.entries.names {
            switch folder.entries[name]! {
            case .file(let content): if (path + name).contains(part) { found.append(content) }
            case .directory(let inner): collect(inner, path + name + "/", part, &found)
            }
        }
    }
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

    public init() {}
}
