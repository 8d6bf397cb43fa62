public import Platform

/// Knows where a machine's listener is reached.
///
/// The world asks on its own thread.
public protocol PortDirectory: AnyObject {
    /// The place, or nil if nobody listens at `address`.
    func place(of address: Address) -> ServiceAddress?

    /// Enters a listener; false if another has the address.
    func publish(_ address: Address, at place: ServiceAddress) -> Bool

    /// Takes out what `publish` entered.
    func withdraw(_ address: Address)
}

/// The directory of a world whose machines are all in one process.
public final class LocalDirectory: PortDirectory {
    private var places: [Address: ServiceAddress] = [:]

    public init() {}

    public func place(of address: Address) -> ServiceAddress? { places[address] }

    public func publish(_ address: Address, at place: ServiceAddress) -> Bool {
        if places[address] != nil { return false }
        places[address] = place
        return true
    }

    public func withdraw(_ address: Address) { places[address] = nil }
}
