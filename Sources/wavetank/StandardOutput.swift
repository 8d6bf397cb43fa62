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
        try writeAll([UInt8]((text + "\n").utf8), to: STDOUT_FILENO, path: "standard output")
    }
}

/// Prints a result.
func show(_ text: String) throws { try StandardOutput.write(text) }

/// Tells a person something, on standard error; what cannot be written there is lost.
func say(_ text: String) {
    ProgressLine.clear()
    try? writeAll([UInt8]((text + "\n").utf8), to: STDERR_FILENO, path: "standard error")
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
