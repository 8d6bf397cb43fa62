import ArgumentParser
import Foundation
import Workbench

/// What `wavetank serve` without a scenario serves.
struct ServedClusterOptions: ParsableArguments {
    @Option(
        help: "The port that Fluss clients bootstrap at; the one after it is used as well.")
    var flussPort = 9123

    @Option(help: "How many tablet servers there are, in this one process.")
    var servers = 1

    func validate() throws {
        if !(1...65_534).contains(flussPort) {
            throw ValidationError("--fluss-port is from 1 to 65534")
        }
        if !(1...64).contains(servers) { throw ValidationError("--servers is from 1 to 64") }
    }

    /// Serves until the process is told to stop.
    func serve(_ data: String) throws {
        let start = Date()
        let server: HostServer
        do {
            try makeFolder(data)
            let folder = URL(fileURLWithPath: data).standardizedFileURL.path
            server = try HostServer(folder: folder, serverCount: servers, port: flussPort)
        } catch {
            throw refusal("\(error)")
        }
        server.onWarning = { say($0) }
        Interruption.handle()
        server.run(
            onReady: {
                let seconds = Date().timeIntervalSince(start)
                say(
                    "serving Fluss clients at 127.0.0.1:\(flussPort), ready after "
                        + String(format: "%.2f", seconds) + " s; Ctrl-C stops")
            }, isStopped: { Interruption.isRequested })
        say("stopped; what was acknowledged is in \(data)")
    }
}
