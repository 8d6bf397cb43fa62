public import Platform

/// Sees the requests that machines make, for who judges how often they make them.
///
/// It is no part of the run: nothing that it does reaches the trace or takes time. Machines have
/// numbers, in the order in which they were added.
public protocol RequestWitness: AnyObject {
    /// A frame was sent; `peer` is the address that the sender knows the other end by.
    func sent(_ frame: [UInt8], to peer: Address, from machine: Int32, to other: Int32)
    /// A machine was refused a connection.
    func refused(_ address: Address, to machine: Int32)
    /// A service refused a request; `what` says which and why.
    func refusedService(_ what: @autoclosure () -> String, to machine: Int32)
}

extension SimulationWorld {
    /// The name of a machine by its number.
    public func name(ofMachine number: Int32) -> String { nodes[Int(number)].name }
}
