import Foundation
import Glibc

/// The folder of endpoints: it is empty or was made by them, and lets one process in.
final class EndpointFolder {
    private static let identityName = "wavetank-endpoints.json"
    private let lock: Int32

    /// Enters the folder, which is there.
    ///
    /// - Throws: `WorkbenchError` if it holds files of others, or another process is in it.
    init(_ path: String) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0 != "lost+found" && $0 != "lock" }.sorted()
        } catch {
            throw WorkbenchError.unreadable(path: path, reason: "it cannot be listed")
        }
        if !names.contains(Self.identityName), let first = names.first {
            throw WorkbenchError.unusable(
                path: path,
                reason: "it holds '\(first)' and was not made by wavetank endpoints; name an "
                    + "empty folder")
        }
        lock = try ServeFolder.lock(path)
        try ServeFolder.write("{\"wavetankEndpoints\": 1}\n", to: "\(path)/\(Self.identityName)")
    }

    deinit { close(lock) }
}
