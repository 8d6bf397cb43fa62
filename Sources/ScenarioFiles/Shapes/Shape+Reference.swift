/// What a shape is called in the reference, and what may stand there.
extension Shape {
    /// A value as a file may write it.
    var example: String {
        switch self {
        case .text: "a text"
        case .integer(let range): String(range.lowerBound)
        case .seed: "1"
        case .boolean: "true"
        case .duration: "10s"
        case .byteCount: "64KiB"
        case .rate: "200/s"
        case .share: "2%"
        case .skew: "80/20"
        case .speed: "2x"
        case .node: "server-1"
        case .condition: "tiering orders"
        case .column: ColumnText.example
        case .properties: "{ table.delete.behavior: ignore }"
        case .choice(let choices): choices.first?.name ?? ""
        case .list(let item, _): "[\(item.example)]"
        case .oneOrMany(let item): item.example
        case .record: "{}"
        case .tagged(let tagged): "{ \(tagged.variants.first?.name ?? ""): }"
        }
    }

    /// The unit or kind of a value, in a word or two.
    var unit: String {
        switch self {
        case .text: "text"
        case .integer: "whole number"
        case .seed: "seed"
        case .boolean: "true or false"
        case .duration: "duration"
        case .byteCount: "bytes"
        case .rate: "rate"
        case .share: "share"
        case .skew: "skew"
        case .speed: "speed"
        case .node: "node"
        case .condition: "condition"
        case .column: "column"
        case .properties: "properties"
        case .choice: "word"
        case .list(let item, _): "list of \(item.unit)"
        case .oneOrMany(let item): "\(item.unit), one or a list"
        case .record: "mapping"
        case .tagged(let tagged): tagged.noun
        }
    }

    /// What values are allowed, in words; empty where the unit says it.
    var range: String {
        switch self {
        case .text(let maximumLength): "up to \(maximumLength) characters"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .seed: "0 to 2^64-1"
        case .duration(let range):
            "\(range.lowerBound.shortText) to \(range.upperBound.shortText)"
        case .byteCount(let range):
            Units.bytes.write(Int64(range.lowerBound)) + " to "
                + Units.bytes.write(Int64(range.upperBound))
        case .share: "0% to 100%"
        case .choice(let choices): choices.map(\.name).joined(separator: ", ")
        case .list(let item, _), .oneOrMany(let item): item.range
        case .node:
            "a name as in server-1, leader of TABLE/BUCKET, follower of TABLE/BUCKET, "
                + "active coordinator"
        case .condition: FaultCondition.forms.map(\.name).joined(separator: ", ")
        case .column: "types: " + ColumnText.typeNames.joined(separator: ", ")
        case .properties:
            "those on the page of tables, and `fields.COLUMN.agg` of the aggregation engine"
        case .boolean, .rate, .skew, .speed, .record, .tagged: ""
        }
    }
}
