import ArgumentParser
import Columnar
import Foundation
import Host
import JSON
import Platform
import Synchronization

/// What a served process tells of itself on standard error, an event a line.
///
/// As text it is for people; as JSON for programs that collect logs, with members
///
///     time      when it was, as 2026-11-29T21:33:57.125Z
///     level     information, warning or error
///     event     starting, serving, note, stopping, stopped or failed
///     message   the same for people
///     node      which node noted it; of notes alone
///
/// and what the event has beside these, such as the addresses of `serving`.
final class ServeLog: Sendable {
    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json }

    enum Level: String, CaseIterable, ExpressibleByArgument {
        case information, warning, error

        var severity: Severity {
            switch self {
            case .information: .information
            case .warning: .warning
            case .error: .error
            }
        }
    }

    let format: Format
    /// Notes of nodes below this level are left out; what the process itself has to say never is.
    let level: Level
    /// Signals are told from a thread of their own: a line is written whole.
    private let turn = Mutex(())

    init(_ format: Format, _ level: Level) {
        self.format = format
        self.level = level
    }

    /// Tells what a node noted, if it is of the level.
    func note(_ note: HostJournal.Note) {
        if note.severity < level.severity { return }
        if format == .text { return write("\(note.machine): \(note.message)") }
        let line = Self.line(
            note.timestamp, "\(note.severity)", "note", note.message,
            [JSONMember("node", .string(note.machine))])
        write(line)
    }

    /// Tells of the process itself.
    func tell(
        _ event: String, level: Level = .information, _ message: String,
        _ members: [JSONMember] = []
    ) {
        if format == .text { return write(message) }
        let now = Timestamp(
            millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1000))
        write(Self.line(now, level.rawValue, event, message, members))
    }

    private func write(_ line: String) { turn.withLock { _ in say(line) } }

    static func line(
        _ time: Timestamp, _ level: String, _ event: String, _ message: String,
        _ members: [JSONMember]
    ) -> String {
        let (seconds, rest) = time.millisecondsSinceEpoch.quotientAndRemainder(dividingBy: 1000)
        let text =
            CalendarText.timestamp(seconds, 1, separator: "T") + "."
            + String(1000 + rest).dropFirst() + "Z"
        return JSONValue.object(
            [
                JSONMember("time", .string(text)), JSONMember("level", .string(level)),
                JSONMember("event", .string(event)), JSONMember("message", .string(message)),
            ] + members
        ).compact
    }
}
