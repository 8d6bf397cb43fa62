import Changelog
import Cluster

/// What a violation's message is about: a bucket, and a record in it if it names one.
struct Subject: Hashable {
    var bucket: BucketIdentifier
    var table: String
    /// The offset of the record.
    var offset: Int64?

    /// Finds the place that oracles and the engine name in messages, such as `table 2 bucket 0`,
    /// `orders bucket 1` or `orders/1`; nil if there is none.
    init?(in message: String, of tables: [TableDescription]) {
        let words = message.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "/") }
        var found: (TableDescription, Int32)?
        for (position, word) in words.enumerated() {
            let next = words[(position + 1)...]
            if word == "table", next.count >= 3, next[position + 2] == "bucket",
                let table = tables.first(where: { String($0.identifier) == next[position + 1] }),
                let bucket = Int32(next[position + 3])
            {
                found = (table, bucket)
            } else if let table = tables.first(where: { $0.name == word }) {
                let named = next.count >= 2 && next[position + 1] == "bucket"
                found = (table, named ? Int32(next[position + 2]) ?? 0 : 0)
            } else if let slash = word.firstIndex(of: "/"),
                let table = tables.first(where: { $0.name == word[..<slash] }),
                let bucket = Int32(word[word.index(after: slash)...])
            {
                found = (table, bucket)
            }
            if found != nil { break }
        }
        guard let (table, bucket) = found, bucket < table.bucketCount else { return nil }
        self.bucket = BucketIdentifier(table: table.identifier, bucket: bucket)
        self.table = table.name
        offset = Self.offset(in: words)
    }

    /// The number after the first word that introduces an offset, the surest words first.
    ///
    /// An answer has an offset too, the one as of which it was given: the record that it lacks or
    /// shows wrongly comes before that.
    private static func offset(in words: [Substring]) -> Int64? {
        let introductions = [
            ["left", "that", "of", "offset"], ["not", "of"], ["row", "of", "offset"],
            ["first", "at", "offset"], ["acknowledged", "at"], ["offset"], ["batch", "at"], ["to"],
            ["at"],
        ]
        for introduction in introductions {
            for start in words.indices where start + introduction.count < words.count {
                let end = start + introduction.count
                if words[start..<end].elementsEqual(introduction, by: { $0 == $1 }),
                    let offset = Int64(words[end])
                {
                    return offset
                }
            }
        }
        return nil
    }

    var description: String {
        "\(table) bucket \(bucket.bucket)" + (offset.map { ", the record at offset \($0)" } ?? "")
    }
}
