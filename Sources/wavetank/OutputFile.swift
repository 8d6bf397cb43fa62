import Foundation
import Glibc

/// A file that a command is asked to write, tried before the work that fills it.
///
/// A file of someone else's is never replaced: what stands there must be empty, or bear the mark
/// of what wavetank writes. Devices and pipes are written to as they are, links are followed.
struct OutputFile {
    /// By what a file of ours is known, which stands near its beginning.
    enum Mark: String, CaseIterable {
        case page = "<meta name=\"generator\" content=\"wavetank\">"
        case report = "\"wavetankReport\""
        case failure = "\"wavetankFailure\""
        case figures = "\"format\": \"wavetank "
        case junit = "<testsuites name=\"wavetank\""
        case scenario = "# Written by wavetank shrink"
    }

    let path: String
    /// Nil where text is added at the end, which harms nothing.
    let mark: Mark?
    /// A pipe or a device: it is written once and cannot be tried.
    let isSpecial: Bool

    /// Tries the file.
    ///
    /// - Throws: `RefusedError` if it could not be written, or is none of ours.
    init(_ path: String, _ mark: Mark?) throws {
        self.path = path
        self.mark = mark
        if path.isEmpty { throw refusal("a file without a name cannot be written") }
        var state = stat()
        if stat(path, &state) != 0 {
            isSpecial = false
            try Self.tryNew(path)
            return
        }
        let kind = state.st_mode & S_IFMT
        if kind == S_IFDIR { throw refusal("\(path) is a folder; name a file") }
        isSpecial = kind != S_IFREG || Self.isOpenElsewhere(path)
        if isSpecial { return }
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw refusal("\(OutputError(path: path))") }
        close(descriptor)
        if let mark, state.st_size > 0, !Self.bears(mark, path) {
            throw refusal(
                "\(path) was not written by wavetank and is left as it is; name another file")
        }
    }

    /// A file that Markdown is added to at the end, unless its name is of another kind of file.
    init(addingMarkdownTo path: String) throws {
        let kind = URL(fileURLWithPath: path).pathExtension.lowercased()
        let others = ["yaml", "yml", "json", "jsonl", "ndjson", "xml", "html", "log", "csv", "tsv"]
        if others.contains(kind) {
            throw refusal("\(path) is no file of Markdown; name one that ends in .md")
        }
        try self.init(path, nil)
    }

    private static func tryNew(_ path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if !FileManager.default.fileExists(atPath: folder) {
            throw refusal("\(path) cannot be written: there is no folder \(folder)")
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw refusal("\(OutputError(path: path))") }
        close(descriptor)
        // What was made here goes again, and of a link that led nowhere only its end does.
        unlink(realPath(of: path))
    }

    /// Where a path leads once all links in it are followed; the path itself where it cannot be
    /// said.
    private static func realPath(of path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Where a path leads that may be a link, whether or not a file is there.
    private static func endOfLinks(_ path: String) -> String {
        var path = path
        for _ in 0..<40 {
            let manager = FileManager.default
            guard let next = try? manager.destinationOfSymbolicLink(atPath: path) else { break }
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            path = next.hasPrefix("/") ? next : "\(folder)/\(next)"
        }
        return path
    }

    /// Whether a path names a file by the descriptor under which some process has it open, such as
    /// `/dev/stdout` or a link to it: what is written there must not replace the file.
    private static func isOpenElsewhere(_ path: String) -> Bool {
        var path = path
        for _ in 0..<40 {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            let real = realPath(of: folder)
            if real.hasPrefix("/proc/") && real.hasSuffix("/fd") { return true }
            let manager = FileManager.default
            guard let next = try? manager.destinationOfSymbolicLink(atPath: path) else { break }
            path = next.hasPrefix("/") ? next : "\(real)/\(next)"
        }
        return false
    }

    /// Whether a file that is there begins as those that wavetank writes.
    static func bears(_ mark: Mark, _ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        let head = (try? file.read(upToCount: 1024)) ?? Data()
        return String(decoding: head, as: UTF8.self).contains(mark.rawValue)
    }

    /// Puts a text in place of what was there.
    func write(_ text: String) throws {
        let flags = isSpecial ? O_WRONLY | O_APPEND : O_WRONLY | O_CREAT | O_TRUNC
        try write(text, flags)
    }

    /// Adds a text at the end.
    func append(_ text: String) throws { try write(text, O_WRONLY | O_CREAT | O_APPEND) }

    private func write(_ text: String, _ flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw OutputError(path: path) }
        defer { close(descriptor) }
        try writeAll([UInt8](text.utf8), to: descriptor, path: path)
    }

    /// Puts a text in place of what was there, in one step: after a failure the old text stands.
    func replace(_ text: String) throws {
        if isSpecial { return try write(text) }
        let target = Self.endOfLinks(path)
        var template = Array((target + ".XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        if descriptor < 0 { throw OutputError(path: path) }
        let name = template.dropLast().map(UInt8.init(bitPattern:))
        let temporary = String(decoding: name, as: UTF8.self)
        defer { close(descriptor) }
        do {
            var state = stat()
            fchmod(descriptor, stat(target, &state) == 0 ? state.st_mode & 0o7777 : 0o644)
            try writeAll([UInt8](text.utf8), to: descriptor, path: path)
            if rename(temporary, target) != 0 { throw OutputError(path: path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }
}

/// Makes a folder for files of ours, and those above it.
func makeFolder(_ path: String) throws {
    if path.isEmpty { throw refusal("a folder without a name cannot be made") }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
        if !isFolder.boolValue { throw refusal("\(path) is a file; name a folder") }
        if access(path, W_OK) != 0 { throw refusal("\(OutputError(path: path))") }
        return
    }
    var parts = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        parts += part + "/"
        if mkdir(parts, 0o777) != 0 && errno != EEXIST {
            throw refusal("the folder \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }
}

/// The bytes of a file that a command is given.
///
/// - Throws: `RefusedError` that says whether it is missing, a folder, or may not be read.
func readInput(_ path: String) throws -> Data {
    var state = stat()
    if stat(path, &state) != 0 {
        let reason = errno == ENOENT ? "no such file" : String(cString: strerror(errno))
        throw refusal(path.isEmpty ? "a file is to be named, not ''" : "\(path): \(reason)")
    }
    if state.st_mode & S_IFMT == S_IFDIR { throw refusal("\(path): is a folder, not a file") }
    // Who waits for a pipe that nobody writes to can be stopped at once.
    Interruption.isWaiting = true
    defer { Interruption.isWaiting = false }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw refusal("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    do {
        if state.st_mode & S_IFMT == S_IFREG { return try file.readToEnd() ?? Data() }
        // A device may have no end.
        var data = Data()
        while data.count <= pipeLimit, let more = try file.read(upToCount: 1 << 20), !more.isEmpty {
            data += more
        }
        if data.count <= pipeLimit { return data }
    } catch {
        throw refusal("\(path): cannot be read")
    }
    throw refusal("\(path): more than \(pipeLimit >> 20) MiB came; save it to a file first")
}

/// How many bytes are taken of what is no file.
private let pipeLimit = 256 << 20

/// The text of a file, without the mark of its byte order.
///
/// - Throws: `RefusedError` if it is no UTF-8, with what it seems to be.
func readInputText(_ path: String) throws -> String {
    var data = try readInput(path)
    if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = data.dropFirst(3) }
    guard let text = String(validating: data, as: UTF8.self) else {
        let isWide = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
        throw refusal(
            isWide
                ? "\(path): is in UTF-16; save it as UTF-8"
                : "\(path): is not text in UTF-8; it seems to be binary")
    }
    return text
}
