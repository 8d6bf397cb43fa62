public import Platform

/// Knows behind which port of the loopback interface a machine's listener is.
///
/// The world asks on its own thread. A directory for several processes could keep a file.
public protocol PortDirectory: AnyObject {
    /// The real port, or nil if nobody listens at `address`.
    func port(of address: Address) -> Int?

    /// Enters a listener; false if another has the address.
    func publish(_ address: Address, port: Int) -> Bool

    /// Takes out what `publish` entered.
    func withdraw(_ address: Address)
}

/// The directory of a world whose machines are all in one process.
public final class LocalDirectory: PortDirectory {
    private var ports: [Address: Int] = [:]

    public init() {}

    public func port(of address: Address) -> Int? { ports[address] }

    public func publish(_ address: Address, port: Int) -> Bool {
        if ports[address] != nil { return false }
        ports[address] = port
        return true
    }

    public func withdraw(_ address: Address) { ports[address] = nil }
}
