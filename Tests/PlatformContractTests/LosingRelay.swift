import Foundation
import Glibc
import Platform
import Synchronization
import Testing

/// Hands connections on to a real service, and loses on the way what a test wants lost.
final class LosingRelay: Sendable {
    /// Where it is called, as the service would be.
    let address: String
    private let listener: Int32
    private let target: UInt16
    private let loss = Mutex(VectorStage.Loss.nothing)

    /// - Parameter url: Of a service on loopback, such as `http://127.0.0.1:19530`.
    init(to url: String) throws {
        target = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var own = Self.loopback(port: 0)
        let bound = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(bound == 0 && listen(listener, 16) == 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(listener, $0, &length)
            }
        }
        address = "http://127.0.0.1:\(UInt16(bigEndian: own.sin_port))"
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                Thread.detachNewThread { [self] in relay(client) }
            }
        }
    }

    func lose(_ loss: VectorStage.Loss) { self.loss.withLock { $0 = loss } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Carries bytes both ways until one side ends, or something is to be lost.
    private func relay(_ client: Int32) {
        let service = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(service)
        }
        var address = Self.loopback(port: target)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(service, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if connected != 0 { return }
        var ends = [client, service].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&ends, 2, -1) > 0 {
            for (source, target) in [(0, 1), (1, 0)] where ends[source].revents != 0 {
                let lost: VectorStage.Loss = source == 0 ? .request : .answer
                let isLost = loss.withLock { $0 == lost }
                if isLost || !carry(from: ends[source].fd, to: ends[target].fd) { return }
            }
        }
    }

    private func carry(from source: Int32, to target: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(source, &buffer, buffer.count, 0)
        var sent = 0
        while sent < count {
            let more = buffer.withUnsafeBytes {
                send(target, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
            }
            if more <= 0 { return false }
            sent += more
        }
        return count > 0
    }
}
