public import Columnar

/// Why a file cannot be replayed at all, by what the caller should do.
public enum CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The compressed file is damaged or too large: get another copy, or a shorter capture.
    case undecodable(file: String, ColumnarError)
    /// Nothing says which tables there are: capture again as `reason` says.
    case noTables(file: String, reason: String)
    /// A table that the engine cannot hold.
    case unusableTable(file: String, name: String, reason: String)
    /// The scenario asks for the capture's own times, and it has none: give a rate.
    case noTimes(file: String)

    public var description: String {
        switch self {
        case .undecodable(let file, let error): "\(file) cannot be decompressed: \(error)"
        case .noTables(let file, let reason): "\(file) has no tables: \(reason)"
        case .unusableTable(let file, let name, let reason):
            "\(file): the table '\(name)' cannot be made: \(reason)"
        case .noTimes(let file): "\(file) has no times to go by: give the capture a rate"
        }
    }
}
