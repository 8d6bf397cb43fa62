import ArgumentParser
import Foundation
import JSON
import RunReports

/// A folder with the two parts of a bench report in a file each.
struct BenchFolder {
    var path: String

    private static let files: [(name: String, mark: OutputFile.Mark)] = [
        ("tank.json", .figures), ("wall.json", .figures), ("bench.html", .page),
        ("whatif.json", .figures), ("whatif.html", .page),
    ]

    /// Tries the files before the work.
    func prepare() throws {
        try makeFolder(path)
        for (name, mark) in Self.files { _ = try OutputFile("\(path)/\(name)", mark) }
    }

    func write(_ report: BenchReport) throws {
        try put(report.tank.json.pretty, in: "tank.json")
        if let wall = report.wall { try put(wall.json.pretty, in: "wall.json") }
        try put(htmlPage(for: report), in: "bench.html")
    }

    func put(_ text: String, in name: String) throws {
        let mark = Self.files.first { $0.name == name }!.mark
        try OutputFile("\(path)/\(name)", mark).replace(text)
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
        // The wall part stands beside the exact one, where it was kept at all.
        let isTank = tankPath.hasSuffix("/tank.json")
        let wallPath = String(tankPath.dropLast("tank.json".count)) + "wall.json"
        let hasWall = isTank && FileManager.default.fileExists(atPath: wallPath)
        let wall = hasWall ? try BenchWall(json: try readJSON(wallPath)) : nil
        return BenchReport(tank: tank, wall: wall)
    } catch let error as JSONError {
        throw refusal("\(path): \(error)")
    }
}

/// Reads a JSON file; one that cannot be read is refused with its name.
func readJSON(_ path: String) throws -> JSONValue {
    let data = try readInput(path)
    do {
        return try JSONValue(parsing: [UInt8](data))
    } catch {
        throw refusal("\(path): \(error)")
    }
}
