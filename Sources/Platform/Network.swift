/// A machine's way to others: connections that carry frames in order, or break.
public protocol Network: AnyObject {
    /// Accepts connections at a port of this machine; port 0 picks a free one.
    /// `NetworkError.addressInUse`.
    func listen(port: Int) async throws -> any Listener

    /// Opens a connection; `NetworkError.refused` or `.timedOut`.
    func connect(to address: Address) async throws -> any Connection
}

/// Where a machine listens.
public struct Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { "\(host):\(port)" }

    public static func < (left: Address, right: Address) -> Bool {
        (left.host, left.port) < (right.host, right.port)
    }
}

public protocol Listener: AnyObject {
    /// Where others reach this listener.
    var address: Address { get }

    /// The next connection; `NetworkError.closed` once the listener is closed.
    func accept() async throws -> any Connection

    func close()
}

/// A stream of frames both ways: in order, whole, at most once, until it breaks.
///
/// A frame that was sent may still be lost when the connection breaks: only an answer proves that
/// it arrived. Frames are at most `frameSizeLimit` bytes.
public protocol Connection: AnyObject {
    var peer: Address { get }

    /// Hands a frame to the network; waits while the peer does not read (back-pressure).
    func send(_ frame: [UInt8]) async throws

    /// The next frame; `NetworkError.closed` after the peer's orderly end, `.reset` after a break.
    func receive() async throws -> [UInt8]

    /// Ends the connection; frames sent before still arrive unless the network breaks.
    func close()
}

/// The largest frame a connection carries, in bytes.
public let frameSizeLimit = 64 * 1024 * 1024

public enum NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
    case refused(Address)
    case timedOut(Address)
    case reset(Address)
    case closed(Address)
    case addressInUse(Address)
    case frameTooLarge(byteCount: Int)

    public var description: String {
        switch self {
        case .refused(let address): "nothing listens at \(address)"
        case .timedOut(let address): "no answer from \(address) in time"
        case .reset(let address): "the connection to \(address) broke"
        case .closed(let address): "the connection to \(address) is closed"
        case .addressInUse(let address): "another listener has \(address)"
        case .frameTooLarge(let byteCount):
            "a frame of \(byteCount) bytes is over the limit of \(frameSizeLimit)"
        }
    }
}
