public import Platform

extension Machine {
    /// The bytes of a whole file as `readOrZeros` reads them: nil if there is none, empty if it is
    /// over `limit`.
    public func readFile(_ path: String, limit: Int64 = .max) async throws -> [UInt8]? {
        let file: any File
        do { file = try await disk.open(path, .existing) } catch DiskError.notFound { return nil }
        let size = try await file.size()
        let bytes = size <= limit ? try await readOrZeros(file, at: 0, count: Int(size)) : []
        await file.close()
        return bytes
    }
}

extension Disk {
    /// Writes a whole file and makes its bytes, not yet its name, durable.
    public func writeFile(_ bytes: [UInt8], to path: String) async throws {
        let file = try await open(path, .any)
        try await file.truncate(to: 0)
        try await file.writeDurably(bytes, at: 0)
        await file.close()
    }

    /// Replaces a file of a folder as one step, through a draft whose name ends in `.new`: after a
    /// crash it has its old bytes or the new ones.
    public func replaceFile(
        _ path: String, with bytes: [UInt8], in directory: String
    ) async throws {
        try await writeFile(bytes, to: path + ".new")
        try await rename(path + ".new", to: path)
        try await syncDirectory(directory)
    }

    /// Makes a folder's name durable, and those of the folders that it lies in, before anything in
    /// it is called so.
    public func syncParents(of directory: String) async throws {
        var parent = ""
        try await syncDirectory(parent)
        for part in directory.split(separator: "/").dropLast() {
            parent += (parent.isEmpty ? "" : "/") + part
            try await syncDirectory(parent)
        }
    }
}
