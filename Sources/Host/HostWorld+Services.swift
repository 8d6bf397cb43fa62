import Glibc
import NIOCore
import NIOPosix
import Platform

extension HostWorld {
    /// Asks the services that the world is to use whether they are there and do what is relied on,
    /// and whether its ports are free.
    ///
    /// - Throws: `HostError`, which says what is wrong and what to do.
    public func checkServices(atMost duration: Duration = .seconds(30)) throws(HostError) {
        for machinePort in configuration.publicPorts.keys.sorted() {
            try checkPort(configuration.publicPorts[machinePort]!)
        }
        if let etcd = configuration.etcd {
            let client = etcdClient
            let places = etcd.addresses.map(\.url).joined(separator: ", ")
            try check("etcd at \(places)", atMost: duration) { machine in
                do {
                    _ = try await machine.coordination.get("/wavetank/format")
                    return nil
                } catch is CoordinationError {
                    let trouble = client?.trouble.map { " (\($0))" } ?? ""
                    return "it does not answer\(trouble); start it, or name another"
                }
            }
        }
        if let catalog = configuration.lakeCatalog {
            try check("the catalog at \(catalog.address.url)", atMost: duration) { machine in
                do {
                    _ = try await machine.lakeCatalog.load(
                        LakeTableName(namespace: "wavetank", name: "services"))
                    return nil
                } catch let error as LakeCatalogError { return "\(error)" }
            }
        }
        if let s3 = configuration.s3 {
            try check("the S3 store \(s3.address), bucket \(s3.bucket)", atMost: duration) {
                machine in
                guard let store = machine.objectStore as? S3ObjectStore else {
                    preconditionFailure("an S3 store is configured")
                }
                return try await store.refusal()
            }
        }
    }

    /// Runs `question` on a machine of its own; it answers what is wrong, or nil.
    private func check(
        _ name: String, atMost duration: Duration,
        _ question: @escaping (Machine) async throws -> String?
    ) throws(HostError) {
        var result: Result<String?, any Error>?
        start("services") { machine in
            do { result = .success(try await question(machine)) } catch let error as Terminated {
                throw error
            } catch {
                result = .failure(error)
            }
        }
        _ = run(atMost: duration) { result != nil }
        if isRunning("services") { crash("services") }
        settle()
        switch result {
        case nil: throw .service(name: name, reason: "no answer in \(duration)")
        case .failure(let error)?: throw .service(name: name, reason: "\(error)")
        case .success(let reason?)?: throw .service(name: name, reason: reason)
        case .success(nil)?: return
        }
    }

    /// Listens at the port for a moment.
    private func checkPort(_ port: Int) throws(HostError) {
        if port == 0 { return }
        let host = configuration.listenHost
        let reason: String
        do {
            try ServerBootstrap(group: eventLoops)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).wait().close().wait()
            return
        } catch let error as IOError {
            switch error.errnoCode {
            case EADDRINUSE: reason = "another program has it; end that, or name another"
            case EADDRNOTAVAIL: reason = "this computer has no such address; name another"
            case EACCES: reason = "ports below 1024 are for root; name another"
            default: reason = "\(error)"
            }
        } catch {
            reason = "\(error)"
        }
        throw .port(host: host, port: port, reason: reason)
    }
}
