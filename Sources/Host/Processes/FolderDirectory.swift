import Glibc
public import Platform

/// Where the machines of several processes of one computer listen, as files in a folder that they
/// share: `MACHINE:PORT`, and in it the host and the port behind it.
///
/// What a process that was killed has entered stays, and who calls there is refused, as by a
/// computer whose program has ended.
public final class FolderDirectory: PortDirectory {
    private let folder: String
    private let proxy: ServiceAddress?
    private var own: Set<Address> = []

    /// `proxy` is where machines of other processes are called instead of at their own places.
    public init(folder: String, proxy: ServiceAddress? = nil) {
        self.folder = folder
        self.proxy = proxy
    }

    public func place(of address: Address) -> ServiceAddress? {
        guard let place = Self.place(of: address, in: folder) else { return nil }
        return own.contains(address) ? place : proxy ?? place
    }

    public func publish(_ address: Address, at place: ServiceAddress) -> Bool {
        if own.contains(address) { return false }
        let path = Self.path(of: address, in: folder)
        let staged = "\(path).\(getpid())"
        do {
            let file = try Descriptor(staged, O_RDWR | O_CREAT | O_TRUNC)
            try file.write(Array("\(place.host) \(place.port)\n".utf8), at: 0)
        } catch { return false }
        if rename(staged, path) != 0 { return false }
        own.insert(address)
        return true
    }

    public func withdraw(_ address: Address) {
        if own.remove(address) != nil { unlink(Self.path(of: address, in: folder)) }
    }

    private static func path(of address: Address, in folder: String) -> String {
        "\(folder)/\(address.host):\(address.port)"
    }

    /// Where a machine listens, from any thread; nil if it does not.
    static func place(of address: Address, in folder: String) -> ServiceAddress? {
        if address.host.isEmpty || address.host.contains("/") { return nil }
        guard let file = try? Descriptor(path(of: address, in: folder), O_RDONLY),
            let bytes = try? file.read(at: 0, count: 256)
        else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count == 2, let port = Int(words[1]), (1...65_535).contains(port) else {
            return nil
        }
        return ServiceAddress(host: String(words[0]), port: port)
    }
}
