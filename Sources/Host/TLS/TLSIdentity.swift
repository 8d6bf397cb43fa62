import Glibc
import NIOCore
import NIOSSL

/// The certificate by which a server shows who it is.
public struct TLSIdentity: Sendable {
    private let context: NIOSSLContext
    fileprivate let chain: [NIOSSLCertificate]
    fileprivate let secret: NIOSSLPrivateKey

    /// Reads the certificate with its chain, its own first, and the private key, both in PEM.
    ///
    /// - Throws: `HostError.certificate`, which names the file and says what is wrong with it.
    public init(certificate: String, key: String) throws(HostError) {
        try Self.check(certificate)
        try Self.check(key)
        do { chain = try NIOSSLCertificate.fromPEMFile(certificate) } catch {
            throw .certificate(path: certificate, reason: "it has no certificate in PEM")
        }
        if chain.isEmpty {
            throw .certificate(path: certificate, reason: "it has no certificate in PEM")
        }
        do { secret = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
            throw .certificate(
                path: key, reason: "it has no private key in PEM that needs no passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw .certificate(
                path: key, reason: "it is not the key of the certificate in \(certificate)")
        }
    }

    private static func check(_ path: String) throws(HostError) {
        if access(path, R_OK) == 0 { return }
        throw .certificate(path: path, reason: String(cString: strerror(errno)))
    }

    /// Stands before all other handlers of a connection.
    func addHandler(to channel: Socket) throws {
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
    }
}

/// Whom a client takes for the server that it calls, and how it shows who it is itself.
public struct TLSTrust: Sendable {
    private let context: NIOSSLContext

    /// Trusts the authorities of the system or, instead of them, those in a file.
    ///
    /// - Parameter identity: Shown to a server that asks for it; nil for none.
    /// - Throws: `HostError.certificate`.
    public init(
        authorities: String? = nil, identity: TLSIdentity? = nil
    ) throws(HostError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = try .checkedFile(authorities) }
        if let identity {
            configuration.certificateChain = identity.chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(identity.secret)
        }
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw .certificate(
                path: authorities ?? "the system's authorities",
                reason: "it has no certificate in PEM")
        }
    }

    func addHandler(to channel: Socket, calling host: String) throws {
        // An address is no name that a server could be asked for by.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        try channel.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host))
    }
}

/// How the processes of one cluster talk to each other through TLS: each shows the other a
/// certificate, and takes none that the cluster's own authorities do not vouch for.
public struct TLSBetweenProcesses: Sendable {
    private let called: NIOSSLContext
    private let calling: TLSTrust

    /// - Throws: `HostError.certificate`.
    public init(_ identity: TLSIdentity, authorities: String) throws(HostError) {
        calling = try TLSTrust(authorities: authorities, identity: identity)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.chain.map { .certificate($0) },
            privateKey: .privateKey(identity.secret))
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = try .checkedFile(authorities)
        // Who calls comes from any address: that the authorities vouch for it is what counts.
        configuration.certificateVerification = .noHostnameVerification
        do { called = try NIOSSLContext(configuration: configuration) } catch {
            throw .certificate(path: authorities, reason: "it has no certificate in PEM")
        }
    }

    /// Stands before all other handlers of a connection that another process opens.
    func addHandler(toCalled channel: Socket) throws {
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: called))
    }

    /// Stands before all other handlers of a connection to another process.
    func addHandler(toCalling channel: Socket, at host: String) throws {
        try calling.addHandler(to: channel, calling: host)
    }
}

extension NIOSSLTrustRoots {
    fileprivate static func checkedFile(_ path: String) throws(HostError) -> Self {
        if access(path, R_OK) == 0 { return .file(path) }
        throw .certificate(path: path, reason: String(cString: strerror(errno)))
    }
}
