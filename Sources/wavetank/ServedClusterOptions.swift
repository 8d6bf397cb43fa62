import ArgumentParser
import Foundation
import Glibc
import Host
import JSON
import Workbench

/// What `wavetank serve` without a scenario serves.
struct ServedClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where Fluss clients bootstrap; the port after it is used as well.",
            valueName: "host:port"))
    var listen = "127.0.0.1:9123"

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

    @Option(help: "How many tablet servers the cluster has; without --etcd, all in this process.")
    var servers = 1

    @Option(
        help: ArgumentHelp(
            "The parts that this process runs: all, coordinator or tablet.", valueName: "role"),
        transform: { try choice($0, of: ServedCluster.Role.self) })
    var role = ServedCluster.Role.all

    @Option(help: "Which process of the cluster this is, from 1.")
    var number = 1

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
    var s3Style = S3Configuration.Style.path

    @Option(
        name: .customLong("log-format"),
        help: ArgumentHelp(
            "How what the process says on standard error is written, a line an event: text or "
                + "json.", valueName: "format"))
    var logFormat = ServeLog.Format.text

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "From which level on notes of nodes are said: information, warning or error.",
            valueName: "level"))
    var logLevel = ServeLog.Level.warning

    func validate() throws {
        if !(1...64).contains(servers) { throw ValidationError("--servers is from 1 to 64") }
        if !(1...64).contains(number) { throw ValidationError("--number is from 1 to 64") }
        if let httpPort, !(0...65_535).contains(httpPort) {
            throw ValidationError("--http is a port, from 0 to 65535")
        }
        if place == nil {
            throw ValidationError("--listen is HOST:PORT, the port from 1 to 65534")
        }
        if etcd == nil && (role != .all || number != 1) {
            throw ValidationError(
                "--role and --number are for a cluster of processes: name its --etcd")
        }
        if etcd != nil && s3 == nil && servers > 1 {
            throw ValidationError(
                "processes of a cluster share their objects: name an --s3 store")
        }
    }

    private var place: (host: String, port: Int)? {
        guard let colon = listen.lastIndex(of: ":"),
            let port = Int(listen[listen.index(after: colon)...]), (1...65_534).contains(port),
            colon != listen.startIndex
        else { return nil }
        return (String(listen[..<colon]), port)
    }

    /// Serves until the process is told to stop.
    func serve(_ data: String) throws {
        let log = ServeLog(logFormat, logLevel)
        do { try serve(data, log) } catch {
            if logFormat == .text { throw refusal("\(error)") }
            log.tell("failed", level: .error, "\(error)")
            throw ExitCode(3)
        }
    }

    private func serve(_ data: String, _ log: ServeLog) throws {
        let start = Date()
        let (host, port) = place ?? ("127.0.0.1", 9123)
        let server = try HostServer(try cluster(in: data, host, port))
        server.onNote = { log.note($0) }
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
                let web = server.httpPort.map { " and HTTP at \(host):\($0)" } ?? ""
                log.tell(
                    "serving",
                    "serving Fluss clients at \(host):\(port)\(web), ready after "
                        + String(format: "%.2f", seconds) + " s; Ctrl-C stops",
                    [
                        JSONMember("listen", .string("\(host):\(port)")),
                        JSONMember(
                            "http", server.httpPort.map { .string("\(host):\($0)") } ?? .null),
                        JSONMember("seconds", .number((seconds * 1000).rounded() / 1000)),
                        JSONMember("data", .string(data)),
                    ])
            }, isStopped: { Interruption.isRequested })
        let seconds = Int64(Date().timeIntervalSince(start))
        log.tell(
            "stopped", "stopped after \(seconds) s; what was acknowledged is in \(data)",
            [JSONMember("seconds", .integer(seconds)), JSONMember("data", .string(data))])
    }

    private func cluster(in data: String, _ host: String, _ port: Int) throws -> ServedCluster {
        try makeFolder(data)
        var cluster = ServedCluster(folder: URL(fileURLWithPath: data).standardizedFileURL.path)
        cluster.role = role
        cluster.number = number
        cluster.serverCount = servers
        cluster.listenHost = host
        cluster.advertisedHost = advertise
        cluster.port = port
        cluster.httpPort = httpPort
        cluster.etcd = try etcd.map { try EtcdConfiguration.parse($0) }
        let environment = ProcessInfo.processInfo.environment
        cluster.s3 = try s3.map {
            try S3Configuration.parse($0, style: s3Style, environment) { path in
                FileManager.default.contents(atPath: path).map { [UInt8]($0) }
            }
        }
        return cluster
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
