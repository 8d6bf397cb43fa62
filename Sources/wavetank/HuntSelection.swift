import Foundation
import JSON
import RunReports
import ScenarioFiles
import Workbench
import Workloads

/// The scenarios of a hunt, and with what each is run.
struct HuntSelection {
    /// Paths of scenario files, each once, in the order in which they were given.
    private(set) var scenarios: [String] = []
    private(set) var origins: [String: HuntOrigin] = [:]

    /// Reads and checks all scenarios and the captures that they name.
    ///
    /// - Parameter paths: Files, and folders of which all scenario files are taken.
    /// - Parameter filter: Keeps those whose path or title contains it.
    init(_ paths: [String], filter: String?, options: String) throws {
        for path in try paths.flatMap(Self.files) where origins[path] == nil {
            let (scenario, text) = try loadScenario(path)
            if let filter, !path.contains(filter), !scenario.title.contains(filter) { continue }
            var digest = ContentDigest()
            digest.add(text.utf8)
            _ = try loadWorkloads(scenario, seed: scenario.seed) { capture in
                let bytes = [UInt8](try readInput(capture))
                digest.add(bytes)
                return bytes
            }
            scenarios.append(path)
            origins[path] = HuntOrigin(
                options: options, scenarioDigest: digest.text, build: buildDescription)
        }
        if scenarios.isEmpty {
            throw refusal(
                filter.map { "no scenario has '\($0)' in its path or its title" }
                    ?? "there is no scenario file there")
        }
    }

    /// A file by its shortest name, or all scenario files of a folder.
    private static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        let short = shortPath(path)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else { return [short] }
        return try scenarioFiles(in: short)
    }

    /// Why results cannot be continued by this hunt; nil if they can.
    func objection(to known: [HuntReport.Seed]) -> String? {
        for seed in known {
            let name = seed.scenario.components(separatedBy: " variant ")[0]
            guard let origin = origins[name] else { continue }
            guard let former = seed.origin else {
                return "it does not say with which settings it was made"
            }
            if let difference = origin.difference(from: former) {
                return "it was made with \(difference)"
            }
        }
        return nil
    }

    /// The seeds of these scenarios that failed before, as `Reports/runs` and a former result say.
    func failedBefore(in results: [HuntReport.Seed]) -> [HuntCase] {
        var cases = results.filter { $0.isFailure && origins[$0.scenario] != nil }
            .map { HuntCase(scenario: $0.scenario, seed: $0.seed) }
        let folder = "Reports/runs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.sorted() where name.hasSuffix(".failure.json") {
            guard let known = Self.head(of: "\(folder)/\(name)"), origins[known.scenario] != nil
            else { continue }
            cases.append(known)
        }
        var seen: Set<HuntCase> = []
        return cases.filter { seen.insert($0).inserted }
    }

    /// The scenario and the seed of a failure file, which stand in its first lines.
    private static func head(of path: String) -> HuntCase? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        let head = (try? file.read(upToCount: 4096)) ?? Data()
        var scenario: String?
        var seed: UInt64?
        for line in String(decoding: head, as: UTF8.self).split(separator: "\n") {
            var member = line.trimmingCharacters(in: .whitespaces)
            if member.hasSuffix(",") { member.removeLast() }
            guard member.hasPrefix("\"scenario\"") || member.hasPrefix("\"seed\""),
                let json = try? JSONValue(parsing: "{\(member)}")
            else { continue }
            scenario = scenario ?? json["scenario"]?.string.map(shortPath)
            seed = seed ?? json["seed"]?.integer.flatMap { UInt64(exactly: $0) }
            seed = seed ?? json["seed"]?.string.flatMap { UInt64($0) }
        }
        guard let scenario, let seed else { return nil }
        return HuntCase(scenario: scenario, seed: seed)
    }
}

/// A path without steps that lead nowhere: `./a//b` is `a/b`.
func shortPath(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    if parts.isEmpty { return path.hasPrefix("/") ? "/" : "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
}

/// The scenario files in a folder and below it, in order.
func scenarioFiles(in folder: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
        throw refusal("\(folder): no such folder")
    }
    if !isFolder.boolValue { throw refusal("\(folder): is a file, not a folder") }
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map {
        folder == "." ? $0 : "\(folder)/\($0)"
    }
}

/// A digest that tells texts apart; no defence against who wants two of one digest (FNV-1a).
struct ContentDigest {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // Ends a part: two parts are another text than one of both.
        hash = (hash ^ 0x100) &* 0x100_0000_01b3
    }

    var text: String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
