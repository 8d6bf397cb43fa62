import NIOCore
import NIOHTTP1
import NIOPosix

/// One question to an HTTP server, for commands: outside of any world, and waited for.
public enum HTTPQuestion {
    /// What `http://HOST:PORT/PATH` answers to GET, and with which status.
    ///
    /// - Throws: `HostError.service` if nobody answers.
    public static func get(_ url: String) throws(HostError) -> (status: Int, body: [UInt8]) {
        let (address, path) = try ServiceAddress.parse(url)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        do {
            let exchange = UncheckedSendableBox(HTTPExchange())
            let channel = try ClientBootstrap(group: group)
                .connectTimeout(.seconds(3))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(exchange.value)
                    }
                }
                .connect(host: address.host, port: address.port).wait()
            let promise = channel.eventLoop.makePromise(of: HTTPAnswer.self)
            channel.eventLoop.execute {
                exchange.value.begin(
                    HTTPCall(method: .GET, target: "/" + path), host: address.description,
                    timeout: .seconds(30), sink: nil, promise, on: channel)
            }
            let answer = try promise.futureResult.wait()
            try channel.close().wait()
            return (answer.status, answer.body)
        } catch {
            throw .service(name: url, reason: "nobody answers there: \(error)")
        }
    }
}
