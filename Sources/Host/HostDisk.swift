import Glibc
import Platform

/// One machine's files: a folder of this computer's file system.
final class HostDisk: Disk {
    private let world: HostWorld
    private let node: HostNode
    private let root: String
    let lifetime: Lifetime

    var machine: String { node.name }
    var openFiles: OpenFiles { world.openFiles }
    var counters: HostCounters { world.counters }

    init(world: HostWorld, node: HostNode, lifetime: Lifetime) {
        self.world = world
        self.node = node
        self.lifetime = lifetime
        root = world.configuration.machinesFolder + "/" + node.name
    }

    func open(_ path: String, _ mode: OpenMode) async throws -> any File {
        try validatePath(path)
        return HostFile(path: path, descriptor: try await openDescriptor(path, mode), disk: self)
    }

    /// Opens a path, if need be at the cost of files that are idle.
    func openDescriptor(_ path: String, _ mode: OpenMode) async throws -> Descriptor {
        while true {
            do {
                return try await run { [root] in
                    try Self.makeRoot(root)
                    return try Self.open(root + "/" + path, path, mode)
                }
            } catch DiskError.tooManyOpenFiles where openFiles.release(8) {
                // There are fewer now: each turn takes some, so the turns have an end.
            }
        }
    }

    func rename(_ source: String, to target: String) async throws {
        try validatePath(source)
        try validatePath(target)
        let replaced =
            source == target ? [] : try await withoutNames(openFiles.files(at: target, of: machine))
        let renamed = openFiles.files(at: source, of: machine)
        do { try await run { [root] in try Self.rename(source, target, root) } } catch {
            for file in replaced { file.keepsName() }
            throw error
        }
        for file in renamed { file.rename(to: target) }
    }

    /// Makes open files independent of their names, which are about to go.
    private func withoutNames(_ files: [HostFile]) async throws -> [HostFile] {
        for file in files { try await file.keepWithoutName() }
        return files
    }

    func remove(_ path: String) async throws {
        try validatePath(path)
        let files = try await withoutNames(openFiles.files(at: path, of: machine))
        do { try await unlinkName(path) } catch {
            for file in files { file.keepsName() }
            throw error
        }
    }

    private func unlinkName(_ path: String) async throws {
        try await run { [root] in
            do throws(SystemCallError) {
                try systemCall("removal") { Int(unlink(root + "/" + path)) }
            } catch {
                if error.code == EISDIR {
                    throw DiskError.inputOutput(path: path, operation: "removal of a folder")
                }
                throw DiskError(error, path: path)
            }
        }
    }

    func list(_ directory: String) async throws -> [String] {
        if !directory.isEmpty { try validatePath(directory) }
        return try await run { [root] in
            try Self.makeRoot(root)
            do throws(SystemCallError) {
                return try names(in: root + "/" + directory)
                    .map { $0.kind == .folder ? $0.name + "/" : $0.name }
                    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            } catch {
                throw DiskError(error, path: directory)
            }
        }
    }

    func createDirectory(_ directory: String) async throws {
        try validatePath(directory)
        try await run { [root] in
            try Self.makeRoot(root)
            do throws(SystemCallError) {
                try makeFolders(directory, root: root)
            } catch {
                if error.code == ENOTDIR { throw DiskError.exists(path: directory) }
                throw DiskError(error, path: directory)
            }
        }
    }

    func syncDirectory(_ directory: String) async throws {
        if !directory.isEmpty { try validatePath(directory) }
        counters.count(.diskSyncs)
        try await run { [root] in
            try Self.makeRoot(root)
            do throws(SystemCallError) {
                try syncFolder(root + "/" + directory)
            } catch {
                throw DiskError(error, path: directory)
            }
        }
    }

    /// Several files are synced by one `syncfs`, which waits for all that is dirty on the file
    /// system: give a server's folder a file system of its own.
    func sync(_ files: [any File]) async throws {
        if files.count == 1 { return try await files[0].sync() }
        let files = files.compactMap { $0 as? HostFile }
        guard let last = files.last else { return }
        let covered = files.map(\.writeCount)
        counters.count(.diskSyncs)
        // Since Linux 5.8 it reports what could not be written since the descriptor was opened.
        try await last.run { descriptor throws(SystemCallError) in
            _ = try systemCall("sync of the file system") { Int(syncfs(descriptor.number)) }
        }
        for (file, covered) in zip(files, covered) { file.synced(upTo: covered) }
    }

    /// Runs system calls off the world's thread.
    func run<Value>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try lifetime.check()
        let flight = node.disk
        flight.enter()
        return try await world.offload(to: world.workers, in: lifetime) {
            defer { flight.leave() }
            return try work()
        }
    }

    // MARK: On a worker's thread

    private static func makeRoot(_ root: String) throws {
        do throws(SystemCallError) {
            try systemCall("mkdir") { Int(mkdir(root, 0o755)) }
        } catch {
            if error.code != EEXIST { throw DiskError(error, path: "") }
            return
        }
        // Everything the machine makes durable hangs on this name.
        do throws(SystemCallError) {
            try syncFolder(String(root[..<root.lastIndex(of: "/")!]))
        } catch {
            throw DiskError(error, path: "")
        }
    }

    private static func open(
        _ full: String, _ path: String, _ mode: OpenMode
    ) throws(DiskError) -> Descriptor {
        let flags =
            switch mode {
            case .existing: O_RDWR
            case .new: O_RDWR | O_CREAT | O_EXCL
            case .any: O_RDWR | O_CREAT
            }
        do throws(SystemCallError) {
            return try Descriptor(full, flags)
        } catch {
            if error.code == EISDIR || (error.code == EEXIST && (try? NameKind.of(full)) == .folder)
            {
                throw .inputOutput(path: path, operation: "open of a folder")
            }
            throw DiskError(error, path: path)
        }
    }

    private static func rename(_ source: String, _ target: String, _ root: String) throws {
        func kind(_ path: String) throws -> NameKind? {
            do throws(SystemCallError) { return try NameKind.of(root + "/" + path) } catch {
                throw DiskError(error, path: path)
            }
        }
        func folder(of path: String) -> String {
            path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        }
        for path in [source, target] where try kind(folder(of: path)) != .folder {
            throw DiskError.notFound(path: path)
        }
        guard let found = try kind(source) else { throw DiskError.notFound(path: source) }
        if found != .file {
            throw DiskError.inputOutput(path: source, operation: "rename of a folder")
        }
        if try kind(target) == .folder {
            throw DiskError.inputOutput(path: target, operation: "rename over a folder")
        }
        do throws(SystemCallError) {
            try systemCall("rename") {
                Int(Glibc.rename(root + "/" + source, root + "/" + target))
            }
        } catch {
            throw DiskError(error, path: target)
        }
    }
}

extension DiskError {
    /// What a failed system call means for whoever uses the disk.
    init(_ error: SystemCallError, path: String) {
        switch error.code {
        case ENOENT, ENOTDIR: self = .notFound(path: path)
        case EEXIST: self = .exists(path: path)
        case ENOSPC, EDQUOT: self = .full(path: path)
        case EMFILE, ENFILE: self = .tooManyOpenFiles(path: path)
        case ENAMETOOLONG, EILSEQ, ELOOP: self = .invalidPath(path)
        default: self = .inputOutput(path: path, operation: error.operation)
        }
    }
}
