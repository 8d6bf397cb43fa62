import Foundation

/// A service that a test starts for itself, on loopback, and ends.
final class ServiceProcess {
    private let process = Process()
    private let folder: String
    let port: Int

    /// Starts an etcd with an empty folder, the program at `path`.
    init(etcd path: String) throws {
        let number = UInt16.random(in: 20_000..<30_000)
        port = Int(number) * 2 - 20_000
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-etcd-\(UUID().uuidString)").path
        let client = "http://127.0.0.1:\(port)"
        let peer = "http://127.0.0.1:\(port + 1)"
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = [
            "--data-dir", folder, "--listen-client-urls", client, "--advertise-client-urls",
            client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", "default=\(peer)", "--log-level", "error",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
