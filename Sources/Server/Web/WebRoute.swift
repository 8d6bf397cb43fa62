import Cluster
import JSON

/// One thing that HTTP can be asked for here: how it is asked for, and what is answered.
///
/// Requests are checked by the same table that the description at `/openapi.json` is made of.
struct WebRoute {
    enum Operation: String, CaseIterable {
        case page, pageStyle, pageScript
        case health, ready, metrics, description
        case cluster, tables, partitions, buckets, leaders, lag, lake
        case rebalance, beginRebalance, cancelRebalance, reassign, cancelReassignment
        case listDatabases, createDatabase, describeDatabase, dropDatabase
        case listTables, createTable, describeTable, alterTable, dropTable
        case createWriter, writeRows, deleteRows, lookUpRows, readRows, readChanges
        case findNearestRows
        case askSQL
    }

    /// What a parameter of the query may be.
    enum Kind {
        case integer(ClosedRange<Int64>)
        case boolean
        case text
        case choice([String])
        /// JSON of a schema of the description.
        case json(String)
    }

    struct Parameter {
        var name: String
        var kind: Kind
        var about: String

        init(_ name: String, _ kind: Kind, _ about: String) {
            self.name = name
            self.kind = kind
            self.about = about
        }
    }

    enum Body {
        case none
        /// JSON of a schema of the description.
        case json(String)
        /// Rows in any `RowFormat`; as JSON they are of a schema of the description.
        case rows(String)
    }

    enum Answer {
        case nothing
        case text(String)
        /// JSON of a schema of the description, under these statuses.
        case json(String, [Int])
        case rows(String)
    }

    var method: String
    /// Such as `/api/v1/databases/{database}`.
    var path: String
    var operation: Operation
    var summary: String
    var parameters: [Parameter] = []
    var body = Body.none
    var answer: Answer
    /// The statuses of problems, those aside that any request can have.
    var refusals: [Int] = []

    init(
        _ method: String, _ path: String, _ operation: Operation, _ summary: String,
        _ parameters: [Parameter] = [], body: Body = .none, answers answer: Answer,
        refusals: [Int] = []
    ) {
        self.method = method
        self.path = path
        self.operation = operation
        self.summary = summary
        self.parameters = parameters
        self.body = body
        self.answer = answer
        self.refusals = refusals
    }

    /// The parts of the path, and which of them are names to be filled in.
    var segments: [(text: String, isName: Bool)] {
        path.split(separator: "/").map { part in
            part.first == "{"
                ? (String(part.dropFirst().dropLast()), true) : (String(part), false)
        }
    }

    /// The values of the names in the path; nil if it is not this route's.
    private func values(of parts: [String]) -> [WebRequest.Parameter]? {
        let segments = segments
        // The path / has one part, which is empty.
        if segments.isEmpty { return parts == [""] ? [] : nil }
        if segments.count != parts.count { return nil }
        var values: [WebRequest.Parameter] = []
        for (segment, part) in zip(segments, parts) {
            if segment.isName {
                values.append(WebRequest.Parameter(segment.text, part))
            } else if segment.text != part {
                return nil
            }
        }
        return values
    }

    /// The call that a request is; nil if no route has its path.
    static func call(
        _ request: WebRequest, from caller: Caller = Caller(.anonymous, host: "")
    ) throws(WebProblem) -> WebCall? {
        let method = request.method == "HEAD" ? "GET" : request.method
        var allowed: [String] = []
        for route in all {
            guard let values = route.values(of: request.path) else { continue }
            if route.method != method {
                allowed.append(route.method)
                continue
            }
            try route.check(request.query)
            return WebCall(route: route, request: request, caller: caller, names: values)
        }
        if allowed.isEmpty { return nil }
        var problem = WebProblem(
            405, "methodNotAllowed",
            "\(request.method) is not had here, only \(allowed.joined(separator: ", "))")
        problem.allowed = allowed.contains("GET") ? allowed + ["HEAD"] : allowed
        throw problem
    }

    private func check(_ query: [WebRequest.Parameter]) throws(WebProblem) {
        var seen: Set<String> = []
        for given in query {
            guard let parameter = parameters.first(where: { $0.name == given.name }) else {
                let known = parameters.map(\.name).joined(separator: ", ")
                throw .badRequest(
                    "there is no parameter \(given.name)"
                        + (known.isEmpty ? "" : ", only \(known)"))
            }
            if !seen.insert(given.name).inserted {
                throw .badRequest("parameter \(given.name) is there twice")
            }
            if let expected = parameter.kind.objection(to: given.value) {
                throw .badRequest("parameter \(given.name) has to be \(expected)")
            }
        }
    }
}

extension WebRoute.Kind {
    /// What is expected instead of a text; nil if it is fine.
    fileprivate func objection(to text: String) -> String? {
        switch self {
        case .integer(let range):
            Int64(text).map(range.contains) == true
                ? nil : "a number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: ["true", "false"].contains(text) ? nil : "true or false"
        case .text: nil
        case .choice(let choices):
            choices.contains(text) ? nil : "one of \(choices.joined(separator: ", "))"
        case .json: (try? JSONValue(parsing: text)) == nil ? "JSON" : nil
        }
    }
}

/// A request that a route answers, its parameters checked.
struct WebCall {
    let route: WebRoute
    let request: WebRequest
    let caller: Caller
    /// The names in the path.
    let names: [WebRequest.Parameter]

    /// A name in the path. Precondition: the route has it.
    func name(_ name: String) -> String {
        guard let found = names.first(where: { $0.name == name }) else {
            preconditionFailure("\(route.path) has no \(name)")
        }
        return found.value
    }

    func text(_ name: String) -> String? { request.parameter(name) }

    func integer(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

    func isSet(_ name: String) -> Bool { text(name) == "true" }
}
