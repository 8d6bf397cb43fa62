/// Why a file cannot be replayed at all, by what the caller should do.
public enum CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The compressed file is damaged or too large: get another copy, or a shorter capture.
    case undecodable(file: String, reason: String)
    /// The file is something else than lines of text: convert it as `kind` says.
    case notText(file: String, kind: String)
    /// Nothing says which tables there are: capture again as `reason` says.
    case noTables(file: String, reason: String)
    /// A table that the engine cannot hold: leave it out by its name.
    case unusableTable(file: String, name: String, reason: String)
    /// The scenario names a table that the capture does not have.
    case unknownTable(file: String, name: String, known: [String])
    /// The scenario's format of log lines cannot be read.
    case unusableLogFormat(reason: String)
    /// The scenario asks for the capture's own times, and it has none: give a rate.
    case noTimes(file: String)

    public var description: String {
        switch self {
        case .undecodable(let file, let reason): "\(file) cannot be decompressed: \(reason)"
        case .notText(let file, let kind): "\(file) is \(kind)"
        case .noTables(let file, let reason): "\(file) has no tables: \(reason)"
        case .unusableTable(let file, let name, let reason):
            "\(file): the table '\(name)' cannot be made: \(reason); `without: \(name)` replays "
                + "the others"
        case .unknownTable(let file, let name, let known):
            "\(file) has no table '\(name)'; it has \(Self.list(known))"
        case .unusableLogFormat(let reason): "the log format cannot be used: \(reason)"
        case .noTimes(let file): "\(file) has no times to go by: give the capture a rate"
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(10).joined(separator: ", ")
        return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
    }
}
