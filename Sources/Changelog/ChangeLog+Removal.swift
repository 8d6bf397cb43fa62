public import Platform

extension ChangeLog {
    /// Removes a log from the disk; nobody may have it open. False if there was none.
    ///
    /// The newest file goes first and the checkpoint last, so that what a crash leaves is a log
    /// that opens, or one that is removed again.
    public static func remove(_ machine: Machine, directory: String) async throws -> Bool {
        let names: [String]
        do { names = try await machine.disk.list(directory) } catch DiskError.notFound {
            return false
        }
        let files = names.filter { !$0.hasSuffix("/") && $0 != LogFile.checkpoint }
        for name in files.sorted().reversed() {
            try await machine.disk.remove(directory + "/" + name)
        }
        if names.contains(LogFile.checkpoint) {
            try await machine.disk.syncDirectory(directory)
            try await machine.disk.remove(directory + "/" + LogFile.checkpoint)
        }
        try await machine.disk.syncDirectory(directory)
        return !names.isEmpty
    }
}
