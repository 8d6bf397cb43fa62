import JSON

/// A transaction as etcd takes it: more conditions and operations than it takes at one level go
/// into levels below, which are applied with it or not at all.
struct EtcdTransaction {
    var limit: Int
    var conditions: [JSONValue]
    var operations: [JSONValue]

    var json: JSONValue {
        if conditions.count > limit {
            // Where the first conditions hold, the others are asked.
            let below = EtcdTransaction(
                limit: limit, conditions: Array(conditions.dropFirst(limit)),
                operations: operations)
            return [
                "compare": .array(Array(conditions.prefix(limit))),
                "success": [["request_txn": below.json]],
            ]
        }
        return ["compare": .array(conditions), "success": .array(Self.leveled(operations, limit))]
    }

    private static func leveled(_ operations: [JSONValue], _ limit: Int) -> [JSONValue] {
        var level = operations
        while level.count > limit {
            level = stride(from: 0, to: level.count, by: limit).map { start in
                let part = Array(level[start..<min(start + limit, level.count)])
                return ["request_txn": ["success": .array(part)]]
            }
        }
        return level
    }

    /// Whether all conditions held, on each level.
    static func succeeded(_ answer: JSONValue) -> Bool {
        guard answer["succeeded"] == .bool(true) else { return false }
        return (answer["responses"]?.array ?? []).allSatisfy { response in
            response["response_txn"].map(succeeded) ?? true
        }
    }
}
