import Foundation
import Glibc

/// Standard output, on which nothing is lost in silence.
enum StandardOutput {
    /// Writes a text and the end of its line.
    ///
    /// - Throws: `OutputError` if not all of it could be written, as on a full disk or into a pipe
    ///   that nobody reads any more.
    static func write(_ text: String) throws {
        ProgressLine.clear()
        try writeAll(
            [UInt8]((visible(text) + "\n").utf8), to: STDOUT_FILENO, path: "standard output")
    }
}

/// Prints a result.
func show(_ text: String) throws { try StandardOutput.write(text) }

/// Tells a person something, on standard error; what cannot be written there is lost.
func say(_ text: String) {
    ProgressLine.clear()
    let bytes = [UInt8]((visible(text) + "\n").utf8)
    try? writeAll(bytes, to: STDERR_FILENO, path: "standard error")
}

/// The text without signs that a terminal would obey, which names of files may contain: each is
/// written as it is in Swift, as in `\u{1b}`.
func visible(_ text: String) -> String {
    func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\t") || byte == 0x7F
    }
    if !text.utf8.contains(where: isControl) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if scalar.isASCII && isControl(UInt8(scalar.value)) {
            result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// Says why nothing was run; the exit code is that of a run which could not be made.
func refusal(_ text: String) -> RefusedError { RefusedError(reason: text) }

/// Why a run could not be made, in one line or more.
struct RefusedError: Error, CustomStringConvertible {
    var reason: String

    var description: String { reason }
}

/// What could not be written where, and why.
struct OutputError: Error, CustomStringConvertible {
    var path: String
    var reason: String

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// Of the last system call.
    init(path: String) {
        self.init(path: path, reason: String(cString: strerror(errno)))
    }

    var description: String { "\(path) cannot be written: \(reason)" }
}

/// Writes all of some bytes to a file descriptor.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
    var start = 0
    while start < bytes.count {
        let count = bytes[start...].withUnsafeBytes { rest in
            Glibc.write(descriptor, rest.baseAddress, rest.count)
        }
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { throw OutputError(path: path) }
        start += count
    }
}
