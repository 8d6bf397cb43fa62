import Foundation
import Testing

/// The program itself, run in a folder of its own as a person runs it.
struct Program {
    struct Result {
        var code: Int32
        var output: String
        var errors: String
    }

    let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try write(Self.scenario, to: "quick.yaml")
    }

    /// A run of less than a second.
    static let scenario = """
        title: A little shop
        length: 3s
        cluster:
          servers: 1
          replication: 1
          minimumInSync: 1
          coordinators: 1
          tierers: 0
          indexers: 0
          buckets: 1
        workloads:
          - clickstream: { rate: 20/s }
        checks: [logMatching, acknowledgedWrites, readableOffsets]

        """

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    func text(of name: String) -> String? {
        FileManager.default.contents(atPath: "\(folder)/\(name)").map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs the program to its end; after `interruptAfter` seconds it gets Ctrl-C.
    func run(
        _ arguments: [String], output: FileHandle? = nil, interruptAfter: Double? = nil
    ) throws -> Result {
        let process = Process()
        process.executableURL = try Self.binary()
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let (answer, words) = (Pipe(), Pipe())
        process.standardOutput = output ?? answer
        process.standardError = words
        process.standardInput = FileHandle.nullDevice
        try process.run()
        if let interruptAfter {
            Thread.sleep(forTimeInterval: interruptAfter)
            process.interrupt()
        }
        let said = output == nil ? answer.fileHandleForReading.readDataToEndOfFile() : Data()
        let errors = words.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            code: process.terminationReason == .exit ? process.terminationStatus : -1,
            output: String(decoding: said, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }

    /// Beside the tests, where the build puts it.
    private static func binary() throws -> URL {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let candidates =
            [tests] + CommandLine.arguments.map { URL(fileURLWithPath: $0) }
        let found = candidates.lazy
            .map { $0.deletingLastPathComponent().appendingPathComponent("wavetank") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return try #require(found, "the program is not where the tests are")
    }
}
