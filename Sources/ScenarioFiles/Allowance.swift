/// What a run may leave out and still pass: without a word of the scenario, next to nothing.
public struct Allowance: Sendable, Hashable {
    /// Lines of captures that cannot be read as changes.
    public var refusedLines: Int
    /// Changes that captures hold and the run does not come to; nil for half of them.
    public var unplayed: Int?
    /// Changes that writers were refused; nil for none in a run without faults, and a tenth of all
    /// in one with faults.
    public var refusedWrites: Int?

    static let shape = RecordShape([
        Field(
            "refusedLines", .integer(0...1_000_000_000), .byDefault("0"),
            "lines of captures that cannot be read as changes"),
        Field(
            "unplayed", .integer(0...1_000_000_000), .optional,
            "changes that captures hold and the run does not come to; half of them if not given"),
        Field(
            "refusedWrites", .integer(0...1_000_000_000), .optional,
            "changes that are refused; if not given none, or a tenth where there are faults"),
    ])

    init(_ record: CheckedRecord) {
        refusedLines = record.integer("refusedLines")
        unplayed = record.has("unplayed") ? record.integer("unplayed") : nil
        refusedWrites = record.has("refusedWrites") ? record.integer("refusedWrites") : nil
    }
}
