import NIOCore
import Platform

/// The first thing a connection carries: who calls, and whom.
///
/// A port of the loopback interface is open to every process of the computer, and may have had
/// another owner a moment ago: the greeting tells a caller of ours from a stranger.
struct Greeting: Hashable, Sendable {
    /// `wavetank` and the version of the framing.
    static let mark = Array("wavetank".utf8) + [1]
    private static let nameLimit = 255

    var caller: Address
    var called: Address

    func write(to buffer: inout ByteBuffer) {
        buffer.writeBytes(Self.mark)
        for address in [caller, called] {
            precondition(address.host.utf8.count <= Self.nameLimit, "a machine's name is too long")
            buffer.writeInteger(UInt8(address.host.utf8.count))
            buffer.writeString(address.host)
            buffer.writeInteger(UInt32(clamping: address.port))
        }
    }

    enum Reading {
        case greeting(Greeting)
        case incomplete
        case strange
    }

    /// Takes a greeting from the front of `buffer` if it is there whole.
    static func read(from buffer: inout ByteBuffer) -> Reading {
        let start = buffer.readableBytesView.prefix(mark.count)
        if !mark.starts(with: start) { return .strange }
        var rest = buffer
        guard rest.readBytes(length: mark.count) != nil, let caller = readAddress(&rest),
            let called = readAddress(&rest)
        else { return .incomplete }
        buffer = rest
        return .greeting(Greeting(caller: caller, called: called))
    }

    private static func readAddress(_ buffer: inout ByteBuffer) -> Address? {
        guard let count = buffer.readInteger(as: UInt8.self),
            let host = buffer.readString(length: Int(count)),
            let port = buffer.readInteger(as: UInt32.self)
        else { return nil }
        return Address(host: host, port: Int(port))
    }
}
