import Glibc

/// The open files of all machines, no more of them with a descriptor than the process may have.
///
/// A server keeps its files open for life and has more of them than a process may have descriptors.
/// So an idle file gives its descriptor back and opens its path anew at its next operation. A file
/// keeps its descriptor while it has unsynced writes, so that the error of a failed sync reaches
/// whoever syncs, and from before its name is taken away, since nothing could open it again.
final class OpenFiles {
    /// Left for sockets, databases and whatever else the process opens.
    private static let reserve = 64

    private struct Entry {
        unowned var file: HostFile
        var lastUse: UInt64
    }

    private let limit: Int
    private var files: [ObjectIdentifier: Entry] = [:]
    private var useCount: UInt64 = 0
    private var descriptorCount = 0

    /// `limit` descriptors; nil for what the process may have, once its soft limit is raised.
    init(limit: Int?) {
        self.limit = max(2, limit ?? Self.limitOfProcess())
    }

    /// Notes that a file is used and has a descriptor, a new one or not.
    func used(_ file: HostFile, isNew: Bool) {
        useCount += 1
        files[ObjectIdentifier(file)] = Entry(file: file, lastUse: useCount)
        if !isNew { return }
        descriptorCount += 1
        if descriptorCount > limit { release(max(1, limit / 8)) }
    }

    /// Forgets a file that is closed.
    func forget(_ file: HostFile) {
        let entry = files.removeValue(forKey: ObjectIdentifier(file))
        if entry != nil && file.hasDescriptor { descriptorCount -= 1 }
    }

    /// Takes the descriptors of up to `wanted` files, those first that were idle longest; false if
    /// there is none to take.
    @discardableResult
    func release(_ wanted: Int) -> Bool {
        // In the order of use, which is unique, so that the order of the table does not show.
        let idle = files.values.filter { $0.file.isReleasable }.sorted { $0.lastUse < $1.lastUse }
        for entry in idle.prefix(wanted) {
            entry.file.release()
            descriptorCount -= 1
        }
        return !idle.isEmpty
    }

    /// The open files at a path of a machine.
    func files(at path: String, of machine: String) -> [HostFile] {
        files.values.filter { $0.file.path == path && $0.file.machine == machine }
            .sorted { $0.lastUse < $1.lastUse }.map(\.file)
    }

    /// Raises the soft limit of descriptors to the hard one, as database servers do.
    private static func limitOfProcess() -> Int {
        var limits = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limits) == 0 else { return 2 * reserve }
        var raised = limits
        raised.rlim_cur = min(limits.rlim_max, 65_536)
        if raised.rlim_cur > limits.rlim_cur, setrlimit(resource, &raised) == 0 { limits = raised }
        let available = Int(min(limits.rlim_cur, 65_536))
        return available > 4 * reserve ? available - 2 * reserve : available / 2
    }
}
