import ArgumentParser
import Foundation
import JSON
import RunReports

/// A folder with the two parts of a bench report in a file each.
struct BenchFolder {
    var path: String

    func write(_ report: BenchReport) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try put(report.tank.json.pretty, in: "tank.json")
        if let wall = report.wall { try put(wall.json.pretty, in: "wall.json") }
    }

    func put(_ text: String, in name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}

/// Reads a report from a folder of `bench run`, or from one file of exact figures.
func readBench(_ path: String) throws -> BenchReport {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw refusal("\(path): no such file or folder")
    }
    do {
        let tankPath = isFolder.boolValue ? "\(path)/tank.json" : path
        let tank = try BenchTank(json: try readJSON(tankPath))
        let wallPath = "\(path)/wall.json"
        let hasWall = isFolder.boolValue && FileManager.default.fileExists(atPath: wallPath)
        let wall = hasWall ? try BenchWall(json: try readJSON(wallPath)) : nil
        return BenchReport(tank: tank, wall: wall)
    } catch let error as JSONError {
        throw refusal("\(path): \(error)")
    }
}

/// Reads a JSON file; one that cannot be read is refused with its name.
func readJSON(_ path: String) throws -> JSONValue {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw refusal("\(path): cannot be read")
    }
    do {
        return try JSONValue(parsing: [UInt8](data))
    } catch {
        throw refusal("\(path): \(error)")
    }
}

/// The commit of this build, from the environment; nil where it is not named.
var namedCommit: String? {
    let commit = ProcessInfo.processInfo.environment["WAVETANK_COMMIT"] ?? ""
    return commit.isEmpty ? nil : commit
}
