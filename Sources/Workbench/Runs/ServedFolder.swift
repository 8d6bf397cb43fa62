import Foundation
import Glibc
import JSON

/// The folder of a server process: it knows which cluster and number it is of, and lets one process
/// in.
final class ServedFolder {
    private static let formatVersion: Int64 = 1
    private static let identityName = "wavetank-server.json"
    private let path: String
    private let number: Int
    private let lock: Int32
    /// The cluster that it is of; nil if it is in none yet.
    private(set) var cluster: String?

    /// Enters the folder, which is there.
    ///
    /// - Throws: `WorkbenchError` if another process is in it, or it is of something else.
    init(_ path: String, number: Int) throws {
        self.path = path
        self.number = number
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0 != "lost+found" && $0 != "lock" }.sorted()
        } catch {
            throw WorkbenchError.unreadable(path: path, reason: "it cannot be listed")
        }
        let isKnown = names.contains(Self.identityName)
        if names.contains("wavetank.json") {
            throw WorkbenchError.unusable(
                path: path, reason: "a scenario was run in it; name another folder")
        }
        if !isKnown, let first = names.first {
            throw WorkbenchError.unusable(
                path: path,
                reason: "it holds '\(first)' and was not made by wavetank serve; name an empty "
                    + "folder")
        }
        lock = try ServeFolder.lock(path)
        if isKnown { try read() } else { try write() }
    }

    deinit { close(lock) }

    /// Keeps the name of the cluster that the process found.
    ///
    /// - Throws: `WorkbenchError` if the folder is of another.
    func adopt(_ identity: String) throws {
        if let cluster {
            if cluster == identity { return }
            throw WorkbenchError.unusable(
                path: path,
                reason: "it is of the cluster \(cluster), and the etcd that was named "
                    + (identity.isEmpty ? "knows of none" : "coordinates \(identity)")
                    + "; name the etcd of that cluster, or an empty folder")
        }
        cluster = identity
        try write()
    }

    private func write() throws {
        var members: [JSONMember] = [
            JSONMember("wavetankServer", .integer(Self.formatVersion)),
            JSONMember("number", .integer(Int64(number))),
        ]
        if let cluster { members.append(JSONMember("cluster", .string(cluster))) }
        try ServeFolder.write(
            JSONValue.object(members).pretty, to: path + "/" + Self.identityName)
    }

    private func read() throws {
        let identity = path + "/" + Self.identityName
        guard let data = FileManager.default.contents(atPath: identity),
            let known = try? JSONValue(parsing: [UInt8](data)),
            let version = known["wavetankServer"]?.integer
        else {
            throw WorkbenchError.unreadable(
                path: identity, reason: "it is damaged, so whose the folder is is not known")
        }
        if version > Self.formatVersion {
            throw WorkbenchError.unusable(
                path: path,
                reason: "it is of format \(version), and this program knows \(Self.formatVersion); "
                    + "start a newer one")
        }
        cluster = known["cluster"]?.string
        if let other = known["number"]?.integer, other != Int64(number) {
            throw WorkbenchError.unusable(
                path: path, reason: "it is of process \(other); give --number \(other)")
        }
    }
}
