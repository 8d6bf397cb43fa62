import Foundation
import Glibc
import Synchronization

/// What a person who waits is shown on standard error: one line that changes on a terminal, and a
/// plain line now and then elsewhere.
enum ProgressLine {
    private struct State {
        var isShown = false
        var last = Date.distantPast
    }

    private static let state = Mutex(State())
    private static let isTerminal =
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Shows how far the work has come.
    ///
    /// - Parameter share: How much of the work is done, from 0 to 1; nil if that is not known.
    /// - Parameter secondsLeft: An estimate; nil if there is none.
    static func show(_ text: @autoclosure () -> String, share: Double?, secondsLeft: Double?) {
        state.withLock { state in
            let now = Date()
            if now.timeIntervalSince(state.last) < (isTerminal ? 0.2 : 10) { return }
            // The first plain line comes when there is something to tell.
            let isFirst = state.last == .distantPast
            state.last = now
            if isFirst && !isTerminal { return }
            var line = ""
            if let share { line += "\(Int((min(1, max(0, share)) * 100).rounded(.down))) %, " }
            line += text()
            if let secondsLeft { line += ", \(lengthText(secondsLeft)) left" }
            write(isTerminal ? "\r\u{1B}[K" + line.prefix(columns - 1) : line + "\n")
            state.isShown = isTerminal
        }
    }

    /// Takes the line away before other text comes.
    static func clear() {
        state.withLock { state in
            if !state.isShown { return }
            write("\r\u{1B}[K")
            state.isShown = false
        }
    }

    private static func write(_ text: String) {
        try? writeAll([UInt8](text.utf8), to: STDERR_FILENO, path: "standard error")
    }

    private static var columns: Int {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        return isKnown ? Int(size.ws_col) : 80
    }
}

/// A length of real time for people: `42 s`, `3 min 5 s`, `2 h 10 min`.
func lengthText(_ seconds: Double) -> String {
    let whole = Int(min(1e9, max(0, seconds)).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
}
