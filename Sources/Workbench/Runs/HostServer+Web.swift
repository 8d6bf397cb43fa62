import Cluster
import Foundation
import Glibc
import Host
import Platform
import RunReports
import Server

extension HostServer {
    /// Serves HTTP from a machine of its own.
    func startWeb(_ port: Int) throws(HostError) {
        var gateway: WebGateway?
        let machine = world.start("web-\(cluster.number)") { machine in
            try await gateway?.run()
        }
        let server = try HTTPServer(world, port: port, for: machine) { request in
            guard let gateway, let read = WebRequest(request)
            else {
                return HTTPServer.Response(.failure(400, "the request's target cannot be read"))
            }
            let signature = S3SignedRequest(request).map { signed in
                WebGateway.Signature(signed.accessKey) { secret in
                    signed.isSigned(with: secret, atSeconds: Int64(time(nil)))
                }
            }
            return HTTPServer.Response(
                try await gateway.answer(read, from: request.host, signed: signature))
        }
        web = server
        let host = world.configuration.advertisedHost
        gateway = WebGateway(
            machine, deployment.configuration,
            at: "\(cluster.tls == nil ? "http" : "https")://\(host):\(server.port)",
            page: WebPage(
                markup: ServedPage.markup, style: ServedPage.style, script: ServedPage.script),
            access: deployment.access, process: { [unowned self] in state(server) })
    }

    private func state(_ server: HTTPServer) -> WebGateway.ProcessState {
        var metrics = [
            Metric(
                "wavetank_uptime_seconds", .gauge, "Since the process began to serve",
                (ContinuousClock.now - started).components.seconds),
            Metric(
                "wavetank_resident_memory_bytes", .gauge, "Memory that the process has",
                Self.residentByteCount),
            Metric(
                "wavetank_http_requests", .counter, "Requests of HTTP that were answered",
                server.answeredCount),
            Metric(
                "wavetank_http_connections", .gauge, "Connections of HTTP that are open",
                Int64(server.connectionCount)),
        ]
        for severity in [Severity.information, .warning, .error] {
            metrics.append(
                Metric(
                    "wavetank_notes", .counter, "What nodes of this process had to say",
                    labels: [WebRequest.Parameter("severity", "\(severity)")],
                    noteCounts[severity] ?? 0))
        }
        for probe in world.journal.probes {
            metrics.append(
                Metric(
                    "wavetank_rare_paths", .counter, "How often a rare path was taken",
                    labels: [WebRequest.Parameter("path", probe.name)], Int64(probe.count)))
        }
        for (node, server) in deployment.runningServers {
            let labels = [WebRequest.Parameter("server", node.description)]
            let leading = server.replicas.values.filter(\.isLeader).count
            metrics.append(
                Metric(
                    "wavetank_leading_buckets", .gauge, "Buckets that the server leads",
                    labels: labels, Int64(leading)))
            metrics.append(
                Metric(
                    "wavetank_held_buckets", .gauge, "Buckets that the server holds",
                    labels: labels, Int64(server.replicas.count)))
        }
        let waiting = deployment.runningServers.first { $0.server.incarnation == 0 }
        return WebGateway.ProcessState(
            isReady: waiting == nil && isServing,
            reason: waiting.map { "\($0.name) has not registered yet" }
                ?? "the process is starting", metrics: metrics)
    }

    private static var residentByteCount: Int64 {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            return 0
        }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
