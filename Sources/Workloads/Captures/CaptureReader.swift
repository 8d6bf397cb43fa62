/// What a line of a capture says.
enum CaptureEvent: Hashable {
    /// Nothing that changes a table: a header, a message, an empty line.
    case nothing
    case begin
    /// Changes and when they were made, in microseconds since 1970.
    ///
    /// Lines with the same `transaction` belong together even without a beginning and an end.
    case changes([CapturedChange], time: Int64?, transaction: String?)
    case commit(time: Int64?)
}

/// Turns the records of one format into changes; it has found the tables before the first is read.
protocol CaptureReader {
    var known: CapturedTables { get }

    /// `line` is where the record begins.
    mutating func read(
        _ record: ArraySlice<UInt8>, line: Int
    ) throws(Refusal) -> CaptureEvent
}
