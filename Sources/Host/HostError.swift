/// Why a world could not be opened.
public enum HostError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder cannot be used: free it, or give another.
    case folder(path: String, reason: String)
    /// The database cannot be used: restore it, or give another folder.
    case database(path: String, reason: String)
    /// A service that was named cannot be used: start it, or name another.
    case service(name: String, reason: String)
    /// The port cannot be listened at: free it, or name another.
    case port(host: String, port: Int, reason: String)
    /// The file of a certificate or a key cannot be used: name another.
    case certificate(path: String, reason: String)

    /// The kernel refused what a measurement needs.
    case measurement(reason: String)

    public var description: String {
        switch self {
        case .folder(let path, let reason): "cannot use the folder \(path): \(reason)"
        case .database(let path, let reason): "cannot use the database \(path): \(reason)"
        case .service(let name, let reason): "cannot use \(name): \(reason)"
        case .port(let host, let port, let reason):
            "cannot listen at \(host):\(port): \(reason)"
        case .certificate(let path, let reason): "cannot use \(path): \(reason)"
        case .measurement(let reason): "cannot measure: \(reason)"
        }
    }
}
