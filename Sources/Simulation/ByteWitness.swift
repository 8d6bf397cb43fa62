public import Platform

/// Sees the bytes that machines write, send and store, for who tells what they are for.
///
/// It is no part of the run: nothing that it does reaches the trace or takes time.
public protocol ByteWitness: AnyObject {
    /// Bytes were written to a file.
    func wrote(_ bytes: ArraySlice<UInt8>, to path: String, on machine: String)
    /// A frame was sent; `peer` is the address that the sender knows the other end by.
    func sent(_ frame: [UInt8], to peer: Address, from machine: String)
    /// An object was stored, or stored anew.
    func put(_ bytes: [UInt8], at key: String, by machine: String)
}

extension SimulationWorld {
    /// Calls `body` for each file of a machine, with its path and its bytes.
    public func forEachFile(of name: String, _ body: (String, [UInt8]) -> Void) {
        for (path, content) in node(name).disk.files() {
            body(path, content.bytes.read(at: 0, count: Int(content.count)))
        }
    }
}
