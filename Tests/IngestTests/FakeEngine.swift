import Columnar
import Host
import JSON

@testable import Ingest

/// Tables behind an interface like that of a served process: what comes twice under a writer and a
/// sequence is carried out once, and the newest five sequences of a writer are known again.
final class FakeEngine {
    struct Table {
        var description: JSONValue
        /// By key, or all of them in the order in which they came.
        var rows: [[String: Value]] = []
        var key: [String]
        var sequences: [String: [Int]] = [:]
    }

    var tables: [String: Table] = [:]
    var changeCount = 0
    private var writerCount = 0
    /// Requests until the next one that is not answered; nil for never.
    var requestsLeft: Int?
    /// Whether such a request is carried out all the same.
    var isCarriedOut = false

    var target: IngestTarget {
        let target = IngestTarget("http://engine") {
            method, path, _, body throws(HostError) in
            try self.answer(method, path, body)
        }
        // Whoever is not answered gives up at once, as if its process had been killed.
        target.patience = 0
        return target
    }

    private func answer(
        _ method: String, _ path: String, _ body: [UInt8]
    ) throws(HostError) -> HTTPConversation.Answer {
        if let left = requestsLeft {
            requestsLeft = left - 1
            if left == 0 {
                if isCarriedOut { _ = carryOut(method, path, body) }
                throw .service(name: "the engine", reason: "it is gone")
            }
        }
        return carryOut(method, path, body)
    }

    private func carryOut(
        _ method: String, _ path: String, _ body: [UInt8]
    ) -> HTTPConversation.Answer {
        let parts = path.split(separator: "?")
        let names = parts[0].split(separator: "/").dropFirst(2).map(String.init)
        if names == ["writers"] {
            writerCount += 1
            return ok(["writer": .string("\(writerCount)")], 201)
        }
        if names.count < 3 { return ok([:], 201) }
        guard names.count > 3 else { return create(parsed(body), names[1]) }
        let name = "\(names[1]).\(names[3])"
        guard tables[name] != nil else { return ok([:], 404) }
        switch (method, names.count) {
        case ("GET", 4): return ok(tables[name]!.description)
        case ("PATCH", 4): return alter(name, parsed(body))
        default:
            var values: [String: String] = [:]
            for pair in parts[1].split(separator: "&").map({ $0.split(separator: "=") }) {
                values[String(pair[0])] = String(pair[1])
            }
            return write(name, body, values, isDeletion: names.last == "delete")
        }
    }

    private func parsed(_ body: [UInt8]) -> JSONValue { (try? JSONValue(parsing: body)) ?? .null }

    private func ok(_ json: JSONValue, _ status: Int = 200) -> HTTPConversation.Answer {
        HTTPConversation.Answer(status: status, body: Array(json.compact.utf8))
    }

    private func create(_ json: JSONValue, _ database: String) -> HTTPConversation.Answer {
        let key = json["schema"]?["primary_key"]?.array?.compactMap(\.string) ?? []
        tables["\(database).\(json["name"]?.string ?? "")"] = Table(description: json, key: key)
        return ok(json, 201)
    }

    private func alter(_ name: String, _ changes: JSONValue) -> HTTPConversation.Answer {
        let old = tables[name]!.description
        let columns =
            (old["schema"]?["columns"]?.array ?? []) + (changes["add_columns"]?.array ?? [])
        var schema = [JSONMember("columns", .array(columns))]
        if let key = old["schema"]?["primary_key"] { schema.append(JSONMember("primary_key", key)) }
        tables[name]!.description = ["name": old["name"] ?? "", "schema": .object(schema)]
        return ok(tables[name]!.description)
    }

    private func write(
        _ name: String, _ body: [UInt8], _ values: [String: String], isDeletion: Bool
    ) -> HTTPConversation.Answer {
        let writer = values["writer"] ?? ""
        let sequence = Int(values["sequence"] ?? "") ?? -1
        let known = tables[name]!.sequences[writer] ?? []
        if known.contains(sequence) { return ok(["rows": 0]) }
        if sequence != (known.last ?? -1) + 1 {
            return ok(["detail": .string("out of order: \(sequence) after \(known)")], 409)
        }
        tables[name]!.sequences[writer] = (known + [sequence]).suffix(5)
        guard var reader = try? ArrowStreamReader(body), let batch = try? reader.next() else {
            return ok(["detail": "no stream"], 400)
        }
        let key = tables[name]!.key
        for row in batch.rows {
            let given = Dictionary(
                uniqueKeysWithValues: zip(batch.schema.fields.map(\.name), row))
            changeCount += 1
            let old =
                key.isEmpty
                ? nil
                : tables[name]!.rows.firstIndex { row in
                    key.allSatisfy { row[$0] == given[$0] }
                }
            if isDeletion {
                if let old { tables[name]!.rows.remove(at: old) }
            } else if let old, values["partial"] == "true" {
                tables[name]!.rows[old].merge(given) { $1 }
            } else if let old {
                tables[name]!.rows[old] = given
            } else {
                tables[name]!.rows.append(given)
            }
        }
        return ok(["rows": .integer(Int64(batch.rowCount))])
    }
}
