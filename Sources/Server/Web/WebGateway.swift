public import Cluster
import JSON
public import Platform

/// Answers programs that speak HTTP, as a client of the cluster:
///
///     /health /ready /metrics         for those who operate it
///     /api/v1/...                     what the cluster is and how it does, as JSON
///     /iceberg/v1/...                 an Iceberg REST catalog of the lake's tables
///     /warehouse/...                  their files, as an S3 store has them
///
/// It keeps nothing: all it tells is what the metadata, the leaders, the lake catalog and the
/// object store say.
public final class WebGateway {
    let machine: Machine
    let client: ClusterClient
    /// What the process that it runs in has to tell of itself.
    let process: () -> ProcessState
    let catalog: CatalogGateway
    let objects: ObjectGateway

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

    /// - Parameter address: Where clients reach it, as `http://HOST:PORT`.
    public init(
        _ machine: Machine, _ configuration: ClusterConfiguration, at address: String,
        process: @escaping () -> ProcessState
    ) {
        self.machine = machine
        client = ClusterClient(machine, configuration)
        catalog = CatalogGateway(
            machine, ClusterConfiguration.defaultLakeLocation,
            isWritable: machine.lakeCatalog.metadataWriter == .committer, storeAddress: address)
        objects = ObjectGateway(machine, isWritable: true)
        self.process = process
    }

    /// Follows the cluster until the machine ends.
    public func run() async throws { try await client.run() }

    /// Answers a request; what goes wrong is an answer, too.
    public func answer(_ request: WebRequest) async throws -> WebResponse {
        do {
            return try await route(request)
        } catch let error as ClusterError {
            return .failure(error.isRetriable ? 503 : 400, "\(error)")
        } catch let error as CoordinationError {
            return .failure(503, "\(error)")
        } catch let error as LakeCatalogError {
            return .failure(503, "\(error)")
        } catch let error as ObjectStoreError {
            return .failure(503, "\(error)")
        }
    }

    private func route(_ request: WebRequest) async throws -> WebResponse {
        switch request.path.first {
        case "health": return WebResponse(text: "ok\n")
        case "ready": return ready()
        case "metrics":
            return WebResponse(
                200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                Array(MetricText.write(try await metrics()).utf8))
        case "api" where request.path.count >= 3 && request.path[1] == "v1":
            if request.method != "GET" { return .failure(405, "ask with GET") }
            return try await describe(Array(request.path.dropFirst(2)))
        case "iceberg" where request.path.count >= 3 && request.path[1] == "v1":
            return try await catalog.answer(request, Array(request.path.dropFirst(2)))
        case ObjectGateway.bucket: return try await objects.answer(request)
        default:
            return .failure(
                404,
                "there is nothing here: see /health, /ready, /metrics, /api/v1/cluster, "
                    + "/iceberg/v1/config")
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
