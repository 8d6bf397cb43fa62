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
        var state = stat()
        if stat(path, &state) != 0 {
            isSpecial = false
            try Self.tryNew(path)
            return
        }
        let kind = state.st_mode & S_IFMT
        if kind == S_IFDIR { throw refusal("\(path) is a folder; name a file") }
        isSpecial = kind != S_IFREG
        if isSpecial { return }
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw refusal("\(OutputError(path: path))") }
        close(descriptor)
        if let mark, state.st_size > 0, !Self.bears(mark, path) {
            throw refusal(
                "\(path) was not written by wavetank and is left as it is; name another file")
        }
    }

    private static func tryNew(_ path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if !FileManager.default.fileExists(atPath: folder) {
            throw refusal("\(path) cannot be written: there is no folder \(folder)")
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw refusal("\(OutputError(path: path))") }
        close(descriptor)
        unlink(path)
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
        let flags = isSpecial ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC
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
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
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
        throw refusal("\(path): \(reason)")
    }
    if state.st_mode & S_IFMT == S_IFDIR { throw refusal("\(path): is a folder, not a file") }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw refusal("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    do {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        return try file.readToEnd() ?? Data()
    } catch {
        throw refusal("\(path): cannot be read")
    }
}

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
