/// Where an appended batch stands in the log.
struct AppendedRange {
    var baseOffset: Int64
    var endOffset: Int64
    /// Whether the batch was there before.
    var isDuplicate: Bool
}
