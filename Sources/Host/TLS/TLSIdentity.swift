import Glibc
import NIOCore
import NIOSSL

/// The certificate by which a server shows who it is.
public struct TLSIdentity: Sendable {
    private let context: NIOSSLContext

    /// Reads the certificate with its chain, its own first, and the private key, both in PEM.
    ///
    /// - Throws: `HostError.certificate`, which names the file and says what is wrong with it.
    public init(certificate: String, key: String) throws(HostError) {
        try Self.check(certificate)
        try Self.check(key)
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMFile(certificate) } catch {
            throw .certificate(path: certificate, reason: "it has no certificate in PEM")
        }
        if chain.isEmpty {
            throw .certificate(path: certificate, reason: "it has no certificate in PEM")
        }
        let secret: NIOSSLPrivateKey
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

/// Whom a client takes for the server that it calls.
public struct TLSTrust: Sendable {
    private let context: NIOSSLContext

    /// Trusts the authorities of the system or, instead of them, those in a file.
    ///
    /// - Throws: `HostError.certificate`.
    public init(authorities: String? = nil) throws(HostError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities {
            if access(authorities, R_OK) != 0 {
                throw .certificate(path: authorities, reason: String(cString: strerror(errno)))
            }
            configuration.trustRoots = .file(authorities)
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
