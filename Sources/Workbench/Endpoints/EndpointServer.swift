import Cluster
import Host
import JSON
import Platform
public import RunReports
public import ScenarioFiles
import Server

/// An S3 store and an Iceberg REST catalog over a folder, which do to programs of others what a
/// scenario says, and what became of the tables.
///
/// All is served at one port of the loopback: the catalog below `/iceberg`, the store's bucket at
/// `/warehouse`.
public final class EndpointServer {
    let scenario: EndpointScenario
    private let folder: EndpointFolder
    private let world: HostWorld
    private let machine: Machine
    private var server: HTTPServer?
    private let judge: EndpointJudge
    private var plan: RequestPlan
    private var catalog: CatalogGateway
    private var store: ObjectGateway
    private let foreign: ForeignCommits
    private(set) var requestCounts: [String: Int] = [:]
    private var strikes: [EndpointReport.Strike] = []
    /// Commits are judged one after the other, in the order in which they were made.
    private var unjudged: [CatalogGateway.Commit] = []
    private var isJudging = false

    /// Begins to serve.
    ///
    /// - Parameters:
    ///   - folder: An absolute path of a folder that is empty or of a former run of this.
    ///   - port: 0 for any.
    /// - Throws: `HostError`, `WorkbenchError`.
    public init(
        _ scenario: EndpointScenario, seed: UInt64, folder: String, port: Int
    ) throws {
        self.scenario = scenario
        plan = RequestPlan(scenario, seed: seed)
        self.folder = try EndpointFolder(folder)
        world = try HostWorld(HostConfiguration(folder: folder))
        machine = world.start("endpoints") { _ in }
        judge = EndpointJudge(machine, allowsRollback: scenario.allowsRollback)
        catalog = CatalogGateway(
            machine, ClusterConfiguration.defaultLakeLocation, isWritable: true, storeAddress: "")
        store = ObjectGateway(machine, isWritable: true)
        foreign = ForeignCommits(machine)
        var this: EndpointServer?
        let server: HTTPServer
        do {
            server = try HTTPServer(world, port: port, for: machine) { request in
                guard let this, let read = WebRequest(request) else {
                    return HTTPServer.Response(
                        .failure(400, "the request's target cannot be read"))
                }
                return HTTPServer.Response(try await this.answer(read))
            }
        } catch {
            world.shutDown()
            throw error
        }
        self.server = server
        catalog = CatalogGateway(
            machine, ClusterConfiguration.defaultLakeLocation, isWritable: true,
            storeAddress: address)
        catalog.didCommit = { [unowned self] in unjudged.append($0) }
        store.willDelete = { [unowned self] in judge.willDelete($0) }
        foreign.catalog = catalog
        this = self
        release = { this = nil }
    }

    private var release: () -> Void = {}

    /// Where the store is; the catalog is below `/iceberg`.
    public var address: String { "http://127.0.0.1:\(server?.port ?? 0)" }

    /// Serves until `isStopped` says so, judges, and ends.
    ///
    /// - Parameter rows: Judges the rows of the tables, once nobody writes any more.
    public func run(
        until isStopped: () -> Bool,
        rows: (EndpointScenario.Table) throws -> EndpointRows?
    ) throws -> EndpointReport {
        defer { end() }
        while !isStopped() { world.run(for: .milliseconds(20)) }
        // Requests that are under way are answered yet.
        world.run(for: .milliseconds(200))
        var orphans = (orphanCount: 0, orphanByteCount: Int64(0))
        var failure: (any Error)?
        var isDone = false
        machine.spawn("judgement") {
            do {
                while self.isJudging { try await self.machine.sleep(.milliseconds(10)) }
                try await self.judgeCommits()
                orphans = try await self.judge.conclude()
            } catch let error as Terminated {
                throw error
            } catch {
                failure = error
            }
            isDone = true
        }
        _ = world.run(atMost: .seconds(120)) { isDone }
        if let failure { throw failure }
        for table in scenario.tables { judgeRows(table, rows) }
        let results = EndpointJudge.Rule.allCases.map { rule in
            EndpointReport.Result(
                name: rule.rawValue, meaning: rule.meaning, compared: judge.compared[rule] ?? 0,
                violations: judge.findings.filter { $0.rule == rule }.map(\.message))
        }
        return EndpointReport(
            title: scenario.title, results: results, strikes: strikes,
            faultCount: scenario.faults.count, requestCounts: requestCounts,
            commitCount: judge.commitCount, orphanCount: orphans.orphanCount,
            orphanByteCount: orphans.orphanByteCount)
    }

    private func end() {
        server?.close()
        release()
        world.shutDown()
    }

    private func judgeRows(
        _ table: EndpointScenario.Table,
        _ rows: (EndpointScenario.Table) throws -> EndpointRows?
    ) {
        let found: EndpointRows?
        do { found = try rows(table) } catch {
            judge.expect(false, .readable, "\(table.name): \(error)")
            return
        }
        guard let counts = found else {
            if let expected = table.rowCount {
                judge.expect(
                    expected == 0, .rowCount,
                    "there is no table \(table.name), which must have \(expected) rows")
            }
            return
        }
        judge.expect(true, .readable, "")
        if let expected = table.rowCount {
            judge.expect(
                counts.rows == expected, .rowCount,
                "\(table.name) has \(counts.rows) rows, not \(expected)")
        }
        if !table.key.isEmpty {
            judge.expect(
                counts.duplicates == 0, .rowsOnceByKey,
                "\(counts.duplicates) keys of \(table.name) stand in it more than once, such as "
                    + "\(counts.example)")
        }
    }

    private func judgeCommits() async throws {
        if isJudging { return }
        isJudging = true
        defer { isJudging = false }
        while !unjudged.isEmpty { try await judge.committed(unjudged.removeFirst()) }
    }

    // MARK: Requests

    private func answer(_ request: WebRequest) async throws -> WebResponse {
        let isCatalog = request.path.first == "iceberg"
        if isCatalog && (request.path.count < 3 || request.path[1] != "v1") {
            return .failure(404, "the catalog is at /iceberg, its resources at /iceberg/v1/...")
        }
        let path = Array(request.path.dropFirst(2))
        let kind =
            isCatalog
            ? RequestFault.Request(CatalogGateway.operation(request.method, path))
            : RequestFault.Request(ObjectGateway.operation(request))
        requestCounts[kind.rawValue, default: 0] += 1
        guard let fault = plan.strike(kind) else {
            return try await carryOut(request, isCatalog, path)
        }
        strikes.append(
            EndpointReport.Strike(
                fault: fault.name, request: kind.rawValue, number: requestCounts[kind.rawValue]!,
                target: "\(request.method) /\(request.path.joined(separator: "/"))"))
        return try await struck(fault, request, isCatalog, path)
    }

    private func carryOut(
        _ request: WebRequest, _ isCatalog: Bool, _ path: [String]
    ) async throws -> WebResponse {
        let response =
            isCatalog ? try await catalog.answer(request, path) : try await store.answer(request)
        try await judgeCommits()
        return response
    }

    private func struck(
        _ fault: RequestFault, _ request: WebRequest, _ isCatalog: Bool, _ path: [String]
    ) async throws -> WebResponse {
        switch fault.effect {
        case .loseAnswer:
            _ = try await carryOut(request, isCatalog, path)
            return Self.lost
        case .failAfter(let status):
            _ = try await carryOut(request, isCatalog, path)
            return Self.failure(status, isCatalog)
        case .refuse(let status): return Self.failure(status, isCatalog)
        case .expireCredentials:
            return isCatalog
                ? CatalogGateway.refused(401, "NotAuthorizedException", "the token has expired")
                : ObjectGateway.refused(403, "ExpiredToken", "the provided token has expired")
        case .delay(let duration):
            try await machine.sleep(duration)
            return try await carryOut(request, isCatalog, path)
        case .tear:
            // Half of what is sent arrives, and the store keeps nothing of it.
            if request.method != "GET" { return Self.lost }
            var response = try await carryOut(request, isCatalog, path)
            response.delivery = .cut(afterByteCount: response.body.count / 2)
            return response
        case .conflict:
            if isCatalog, path.count == 4, path[2] == "tables" {
                try await foreign.commit(path[1], path[3])
                try await judgeCommits()
            }
            return try await carryOut(request, isCatalog, path)
        case .expireSnapshots:
            try await foreign.expire()
            try await judgeCommits()
            return try await carryOut(request, isCatalog, path)
        }
    }

    private static let lost: WebResponse = {
        var response = WebResponse(text: "")
        response.delivery = .none
        return response
    }()

    private static func failure(_ status: Int, _ isCatalog: Bool) -> WebResponse {
        if isCatalog {
            // By the protocol only these two leave a commit's outcome open, and 503 not.
            let type =
                [500: "InternalServerError", 502: "BadGateway", 504: "GatewayTimeout"][status]
                ?? (status == 429 ? "TooManyRequests" : "ServiceUnavailableException")
            return CatalogGateway.refused(status, type, "as the scenario says")
        }
        let code = status == 503 || status == 429 ? "SlowDown" : "InternalError"
        return ObjectGateway.refused(status, code, "as the scenario says")
    }
}
