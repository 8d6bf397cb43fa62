import ArgumentParser
import Foundation
import Glibc
import Host
import JSON
import ScenarioFiles
import Workbench

/// What `wavetank serve` without a scenario serves.
struct ServedClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A configuration file, whose keys `wavetank help serving` lists: all that is said "
                + "here, and users, access lists, quotas and limits. What is said here goes "
                + "before it.", valueName: "file"), completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Where Fluss clients bootstrap, 127.0.0.1:9123 if not given; the port after it is used "
                + "as well.", valueName: "host:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "What clients and other processes are told instead of the address listened at.",
            valueName: "host"))
    var advertise: String?

    @Option(
        name: .customLong("http"),
        help: ArgumentHelp(
            "Where HTTP is served: tables and their rows, which /openapi.json describes, health, "
                + "metrics, state, the lake's catalog and files; 0 for a free port.",
            valueName: "port"))
    var httpPort: Int?

    @Option(
        help: ArgumentHelp(
            "The certificate with its chain, in PEM, that clients are shown: they then have to "
                + "speak TLS.", valueName: "file"), completion: .file())
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp("The certificate's private key, in PEM.", valueName: "file"),
        completion: .file())
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "The certificates, in PEM, of those who may vouch for the cluster's processes, each of "
                + "which shows its own: they then talk to each other through TLS.",
            valueName: "file"), completion: .file())
    var tlsAuthorities: String?

    @Option(
        help: ArgumentHelp(
            "The certificates, in PEM, of those who may vouch for https:// services, the etcd, the "
                + "S3 store and the catalog, instead of the system's.", valueName: "file"),
        completion: .file())
    var authorities: String?

    @Flag(
        help: ArgumentHelp(
            "Serve others than this computer though there is no TLS, or nobody has to say who he "
                + "is."))
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "How many tablet servers the cluster has, 1 if not given; without --etcd, all in this "
                + "process."))
    var servers: Int?

    @Option(
        help: ArgumentHelp(
            "The parts that this process runs: all, coordinator or tablet; all if not given.",
            valueName: "role"),
        transform: { try choice($0, of: ServedCluster.Role.self) })
    var role: ServedCluster.Role?

    @Option(help: "Which process of the cluster this is, from 1.")
    var number: Int?

    @Option(
        help: ArgumentHelp(
            "The etcd that coordinates the cluster's processes; without one there is one process.",
            valueName: "url"))
    var etcd: String?

    @Option(
        help: ArgumentHelp(
            "The S3 store that has the objects: http://HOST:PORT/BUCKET[/PREFIX] or s3://BUCKET.",
            valueName: "url"))
    var s3: String?

    @Option(
        name: .customLong("s3-style"),
        help: ArgumentHelp("How buckets are named: path or virtual-host.", valueName: "style"),
        transform: { try choice($0, of: S3Configuration.Style.self) })
    var s3Style: S3Configuration.Style?

    @Option(
        help: ArgumentHelp(
            "The Iceberg REST catalog that has the lake's tables, instead of the cluster's own. It "
                + "is let in by the id and secret in WAVETANK_CATALOG_CREDENTIAL, or the token in "
                + "WAVETANK_CATALOG_TOKEN.", valueName: "url"))
    var catalog: String?

    @Option(
        name: .customLong("catalog-warehouse"),
        help: ArgumentHelp("What the catalog knows its warehouse as.", valueName: "name"))
    var catalogWarehouse: String?

    @Option(
        name: .customLong("log-format"),
        help: ArgumentHelp(
            "How what the process says on standard error is written, a line an event: text or "
                + "json.", valueName: "format"))
    var logFormat: ServeLog.Format?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "From which level on notes of nodes are said: information, warning or error; warning "
                + "if not given.", valueName: "level"))
    var logLevel: ServeLog.Level?

    func validate() throws {
        if let servers, !(1...64).contains(servers) {
            throw ValidationError("--servers is from 1 to 64")
        }
        if let number, !(1...64).contains(number) {
            throw ValidationError("--number is from 1 to 64")
        }
        if let httpPort, !(0...65_535).contains(httpPort) {
            throw ValidationError("--http is a port, from 0 to 65535")
        }
        if let listen, ServedSettings.place(listen) == nil {
            throw ValidationError("--listen is HOST:PORT, the port from 1 to 65534")
        }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
        if config == nil, tlsAuthorities != nil, tlsCertificate == nil {
            throw ValidationError("--tls-authorities goes with a certificate: --tls-certificate")
        }
        if config == nil, catalogWarehouse != nil, catalog == nil {
            throw ValidationError("--catalog-warehouse goes with a catalog: --catalog")
        }
        // What a file says may make it right.
        if config == nil, let objection = contradiction(nil) { throw ValidationError(objection) }
    }

    /// What cannot be so together; nil if it can.
    func contradiction(_ file: ServingFile?) -> String? {
        let etcd = self.etcd ?? file?.etcd
        let role = self.role?.rawValue ?? file?.role ?? "all"
        if etcd == nil && (role != "all" || (number ?? file?.number ?? 1) != 1) {
            return "--role and --number are for a cluster of processes: name its --etcd"
        }
        if etcd != nil && (s3 ?? file?.s3) == nil && (servers ?? file?.servers ?? 1) > 1 {
            return "processes of a cluster share their objects: name an --s3 store"
        }
        return nil
    }

    /// Serves until the process is told to stop.
    func serve(_ data: String?) throws {
        let settings = try ServedSettings(self, data: data)
        let log = ServeLog(settings.logFormat, settings.logLevel)
        do { try serve(settings, log) } catch {
            if settings.logFormat == .text { throw refusal("\(error)") }
            log.tell("failed", level: .error, "\(error)")
            throw ExitCode(3)
        }
    }

    private func serve(_ settings: ServedSettings, _ log: ServeLog) throws {
        let start = Date()
        let data = settings.data
        let place = "\(settings.cluster.listenHost):\(settings.cluster.port)"
        let server = try HostServer(try settings.opened())
        server.onNote = { log.note($0) }
        for warning in settings.warnings { log.tell("starting", level: .warning, warning) }
        Interruption.handle { signal in
            let name = signal == SIGINT ? "Ctrl-C" : "signal \(signal)"
            log.tell(
                "stopping",
                "asked to stop by \(name): answering nobody any more, and ending; once more ends "
                    + "at once", [JSONMember("signal", .integer(Int64(signal)))])
        }
        try server.run(
            onReady: {
                let seconds = Date().timeIntervalSince(start)
                let http = server.httpPort.map { "\(settings.cluster.listenHost):\($0)" }
                let web = http.map { " and HTTP at \($0)" } ?? ""
                let how = settings.guards.isEmpty ? "" : " (\(settings.guards))"
                log.tell(
                    "serving",
                    "serving Fluss clients at \(place)\(web)\(how), ready after "
                        + String(format: "%.2f", seconds) + " s; Ctrl-C stops",
                    [
                        JSONMember("listen", .string(place)),
                        JSONMember("http", http.map { .string($0) } ?? .null),
                        JSONMember("seconds", .number((seconds * 1000).rounded() / 1000)),
                        JSONMember("data", .string(data)),
                    ])
            }, isStopped: { Interruption.isRequested })
        let seconds = Int64(Date().timeIntervalSince(start))
        log.tell(
            "stopped", "stopped after \(seconds) s; what was acknowledged is in \(data)",
            [JSONMember("seconds", .integer(seconds)), JSONMember("data", .string(data))])
    }
}

/// The case of this name.
private func choice<Case: RawRepresentable<String> & CaseIterable>(
    _ text: String, of type: Case.Type
) throws -> Case {
    if let known = Case(rawValue: text) { return known }
    let names = Case.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("'\(text)' is none of \(names)")
}
