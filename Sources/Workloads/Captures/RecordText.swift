import JSON

/// Takes a record apart as consumers of Kafka print it.
///
///     {"id": 1}<tab>{"before": null, ...}
///     CreateTime:1700000000000<tab>Partition:0<tab>{"id": 1}<tab>{"before": null, ...}
///
/// The key's separator may be another one than a tab; a deleted value is the word null.
enum RecordText {
    struct Parts {
        /// The record, where it is one value.
        var whole = JSONValue.null
        var key: JSONValue?
        /// The value, where the record has one beside its key.
        var value: JSONValue?
    }

    static func parts(_ record: ArraySlice<UInt8>) throws(Refusal) -> Parts {
        let depthLimit = ChangeEvent.depthLimit
        let tab = UInt8(ascii: "\t")
        var first = JSONExtent(record)
        let begin = first.skipSpace()
        guard begin == UInt8(ascii: "{") || begin == UInt8(ascii: "[") else {
            var fields = record.split(separator: tab, omittingEmptySubsequences: false)
            fields = Array(fields.drop(while: isPrefix))
            guard fields.count > 1 || fields.first?.elementsEqual(record) == false else {
                return Parts(whole: try record.json(depthLimit: depthLimit))
            }
            return try pair(fields)
        }
        guard case .closed(let end) = first.end() else {
            return Parts(whole: try record.json(depthLimit: depthLimit))
        }
        let rest = record[end...]
        if rest.isBlank { return Parts(whole: try record.json(depthLimit: depthLimit)) }
        let separators = Array(" \t|:,;#=~-".utf8)
        let value = rest.drop { separators.contains($0) }
        guard value.startIndex > end, value.first == UInt8(ascii: "{") || isNull(value) else {
            return Parts(whole: try record.json(depthLimit: depthLimit))
        }
        return Parts(
            key: try record[..<end].json(depthLimit: depthLimit),
            value: try value.json(depthLimit: depthLimit))
    }

    private static func pair(_ fields: [ArraySlice<UInt8>]) throws(Refusal) -> Parts {
        guard let value = fields.last, fields.count <= 2 else {
            throw Refusal("\(fields.count) fields between tabs: a key and a value should be here")
        }
        var parts = Parts()
        if fields.count == 2 {
            do throws(Refusal) {
                parts.key = try fields[0].json(depthLimit: ChangeEvent.depthLimit)
            } catch {
                throw Refusal(
                    "the key before the tab is no JSON: '\(fields[0].excerpt.prefix(40))'")
            }
        }
        parts.value = try value.json(depthLimit: ChangeEvent.depthLimit)
        return parts
    }

    private static func isNull(_ value: ArraySlice<UInt8>) -> Bool {
        value.elementsEqual("null".utf8)
    }

    /// Whether a field is what a console consumer puts before the key, such as `Offset:17`.
    private static func isPrefix(_ field: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: field, as: UTF8.self)
        let names = [
            "CreateTime:", "LogAppendTime:", "NoTimestampType:", "Partition:", "Offset:",
            "Headers:", "NO_TIMESTAMP", "NO_HEADERS", "NO_PARTITION",
        ]
        return names.contains { text.hasPrefix($0) }
    }
}
