public import Cluster
import JSON
public import Platform

/// Answers programs that speak HTTP, as a client of the cluster:
///
///     /                               a page for people, which shows the cluster as it is
///     /health /ready /metrics         for those who operate it
///     /openapi.json                   what can be asked for, all below /api included
///     /api/v1/...                     what the cluster is and how it does, as JSON
///     /api/v1/databases/...           tables and their rows, in and out
///     /api/v1/sql                     SQL over all of them
///     /iceberg/v1/...                 an Iceberg REST catalog of the lake's tables
///     /warehouse/...                  their files, as an S3 store has them
///
/// It keeps nothing: all it tells is what the metadata, the leaders, the lake catalog and the
/// object store say, and what is written is acknowledged by who leads.
public final class WebGateway {
    let machine: Machine
    let client: ClusterClient
    /// What the process that it runs in has to tell of itself.
    let process: () -> ProcessState
    let access: AccessControl
    let catalog: CatalogGateway
    let objects: ObjectGateway
    let data: DataGateway
    private let page: WebPage?

    /// The state of a process, for health and metrics.
    public struct ProcessState {
        public var isReady: Bool
        /// Why it is not, for people.
        public var reason: String
        public var metrics: [Metric]

        public init(isReady: Bool, reason: String, metrics: [Metric]) {
            self.isReady = isReady
            self.reason = reason
            self.metrics = metrics
        }
    }

    /// - Parameters:
    ///   - address: Where clients reach it, as `http://HOST:PORT`.
    ///   - page: What people see at `/`; nothing if nil.
    ///   - access: Who may ask; everybody if nothing is said.
    public init(
        _ machine: Machine, _ configuration: ClusterConfiguration, at address: String,
        page: WebPage? = nil, access: AccessConfiguration = AccessConfiguration(),
        process: @escaping () -> ProcessState
    ) {
        self.machine = machine
        client = ClusterClient(machine, configuration)
        let access = AccessControl(machine, client.mirror, access)
        self.access = access
        catalog = CatalogGateway(
            machine, ClusterConfiguration.defaultLakeLocation,
            isWritable: machine.lakeCatalog.metadataWriter == .committer, storeAddress: address)
        objects = ObjectGateway(machine, isWritable: true)
        data = DataGateway(client, access)
        self.process = process
        self.page = page
    }

    /// Follows the cluster until the machine ends.
    public func run() async throws { try await client.run() }

    /// Answers a request that comes from a host; what goes wrong is an answer, too.
    public func answer(
        _ request: WebRequest, from host: String = "", signed signature: Signature? = nil
    ) async throws -> WebResponse {
        do {
            var response = try await route(request, from: host, signature)
            let isHead = request.method == "HEAD" && request.path.first != ObjectGateway.bucket
            if isHead && response.impliedByteCount == nil {
                response.impliedByteCount = Int64(response.body.count)
                response.body = []
            }
            return response
        } catch {
            guard let problem = WebProblem.of(error) else { throw error }
            return problem.response
        }
    }

    private func route(
        _ request: WebRequest, from host: String, _ signature: Signature?
    ) async throws -> WebResponse {
        // Whether the process lives is told to everybody.
        if request.path == ["health"] || request.path == ["ready"] {
            return try await answer(request, for: Caller(.anonymous, host: host))
        }
        let caller = try await caller(request, from: host, signature)
        if access.configuration.quotas.isEmpty { return try await answer(request, for: caller) }
        return try await metered(request, caller) { try await self.answer(request, for: caller) }
    }

    private func answer(_ request: WebRequest, for caller: Caller) async throws -> WebResponse {
        switch request.path.first {
        case "iceberg" where request.path.count >= 3 && request.path[1] == "v1":
            let path = Array(request.path.dropFirst(2))
            try checkCatalog(request, path, caller)
            return try await catalog(for: caller).answer(request, path)
        case ObjectGateway.bucket:
            try checkFiles(request, caller)
            return try await objects.answer(request)
        default: break
        }
        guard let call = try WebRoute.call(request, from: caller) else {
            throw WebProblem(
                404, "notFound",
                "there is nothing here: see /openapi.json, /health, /ready, /metrics, "
                    + "/api/v1/cluster, /iceberg/v1/config")
        }
        try check(call)
        switch call.route.operation {
        case .page, .pageStyle, .pageScript:
            guard let page else { throw WebProblem(404, "notFound", "no page is served here") }
            return page.response(call.route.operation)
        case .health: return WebResponse(text: "ok\n")
        case .ready: return ready()
        case .metrics:
            return WebResponse(
                200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                Array(MetricText.write(try await metrics()).utf8))
        case .description: return WebResponse(json: OpenAPIDescription.json)
        default:
            if let response = try await data.answer(call) { return response }
            return try await describe(call)
        }
    }

    private func ready() -> WebResponse {
        let process = process()
        if !process.isReady { return WebResponse(text: process.reason + "\n", status: 503) }
        if !client.mirror.isLoaded {
            return WebResponse(text: "the cluster's metadata has not been read yet\n", status: 503)
        }
        if client.mirror.coordinator == nil {
            return WebResponse(text: "no coordinator has been elected yet\n", status: 503)
        }
        return WebResponse(text: "ready\n")
    }
}
