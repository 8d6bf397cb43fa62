import Foundation
import Glibc
import JSON
import ScenarioFiles

/// The folder of a cluster on the real machine: it knows whose it is, and lets one process in.
///
/// `wavetank.json` says which scenario, seed and build began it; another scenario or seed is
/// refused, since what it would find there could only look like a mistake of the engine. A lock
/// on the file `lock` lasts as long as the process.
final class ServeFolder {
    private static let formatVersion: Int64 = 1
    private let path: String
    private let lock: Int32
    /// What should be known about the folder before its run is believed.
    private(set) var notes: [String] = []
    /// Whether an earlier life left something behind.
    private let isResumed: Bool

    /// Enters the folder, which is there.
    ///
    /// - Throws: `WorkbenchError` if another process is in it, or it is not of this scenario and
    ///   seed, or not of wavetank at all.
    init(_ path: String, scenario: Scenario, text: String, seed: UInt64, build: String) throws {
        self.path = path
        let identity = path + "/wavetank.json"
        let names = try Self.contents(of: path)
        isResumed = names.contains("wavetank.json")
        if !isResumed, let first = names.first {
            throw WorkbenchError.unusable(
                path: path,
                reason: "it holds '\(first)' and was not made by this version of wavetank serve; "
                    + "name an empty folder")
        }
        lock = try Self.lock(path)
        let mine: JSONValue = [
            "wavetankServe": .integer(Self.formatVersion), "scenario": .string(scenario.path),
            "scenarioText": .string(text), "seed": .string(String(seed)), "build": .string(build),
        ]
        if isResumed {
            try compare(mine, with: identity)
        } else {
            try Self.write(mine.pretty, to: identity)
        }
    }

    deinit { close(lock) }

    private static func contents(of path: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0 != "lost+found" && $0 != "lock" }.sorted()
        } catch {
            throw WorkbenchError.unreadable(path: path, reason: "it cannot be listed")
        }
    }

    static func lock(_ path: String) throws -> Int32 {
        let file = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        if file < 0 {
            throw WorkbenchError.unusable(path: path, reason: String(cString: strerror(errno)))
        }
        if flock(file, LOCK_EX | LOCK_NB) != 0 {
            close(file)
            throw WorkbenchError.unusable(
                path: path, reason: "another wavetank is running on it")
        }
        return file
    }

    static func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
            throw WorkbenchError.unusable(path: path, reason: "it cannot be written")
        }
    }

    private func compare(_ mine: JSONValue, with identity: String) throws {
        guard let data = FileManager.default.contents(atPath: identity),
            let known = try? JSONValue(parsing: [UInt8](data))
        else {
            throw WorkbenchError.unreadable(
                path: identity, reason: "it is damaged, so whose the folder is is not known")
        }
        func text(_ json: JSONValue, _ name: String) -> String { json[name]?.string ?? "" }
        guard known["wavetankServe"]?.integer == Self.formatVersion else {
            throw WorkbenchError.unusable(
                path: path, reason: "it was made by another version of wavetank serve")
        }
        if text(known, "scenarioText") != text(mine, "scenarioText") {
            throw WorkbenchError.unusable(
                path: path,
                reason: "it is of \(text(known, "scenario")) with another text; name an empty "
                    + "folder to begin anew")
        }
        if text(known, "seed") != text(mine, "seed") {
            throw WorkbenchError.unusable(
                path: path,
                reason: "it was begun with seed \(text(known, "seed")), not "
                    + "\(text(mine, "seed")); give --seed \(text(known, "seed"))")
        }
        if text(known, "build") != text(mine, "build") {
            notes.append("the folder was begun by another build: \(text(known, "build"))")
        }
    }

    /// Refuses databases that were damaged since, and notes one that is gone.
    ///
    /// - Parameter hasHistory: Whether the ledger says that anything was written.
    func checkDatabases(coordination: String, catalog: String, hasHistory: Bool) throws {
        if !isResumed || !hasHistory { return }
        for path in [coordination, catalog] where !Self.isDatabase(path) {
            if !FileManager.default.fileExists(atPath: path) && path == catalog {
                notes.append(
                    "the lake catalog \(path) is gone: what the lake held before is not known, and "
                        + "its tables begin anew")
                continue
            }
            throw WorkbenchError.unusable(
                path: path,
                reason: "it is missing, or no SQLite database any more, though the cluster has "
                    + "written before; restore it, or begin with an empty folder")
        }
    }

    private static func isDatabase(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        return (try? file.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
    }
}
