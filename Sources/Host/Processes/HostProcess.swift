public import Glibc

/// A program that was started beside this one, and is signalled by its own identifier alone.
public final class HostProcess {
    /// How it ended.
    public enum Ending: Hashable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    public let identifier: pid_t
    /// Nil while it runs, or stands still.
    public private(set) var ending: Ending?

    /// Starts `program`; what it says on either output is added to the file `log`.
    ///
    /// It is in a process group of its own, so that a terminal's Ctrl-C reaches this one alone.
    ///
    /// - Throws: `HostError.folder` if it cannot be started.
    public init(_ program: String, _ arguments: [String], log: String) throws(HostError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, &attributes, words, Self.environment)
        if code != 0 {
            throw .folder(path: program, reason: String(cString: strerror(code)))
        }
        identifier = child
    }

    /// What this process was given, which a child gets as well.
    private static var environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        typealias List = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        // The C library's variable, which Swift takes for one that anybody may change.
        return dlsym(dlopen(nil, RTLD_NOW), "environ")?
            .assumingMemoryBound(to: List?.self).pointee
    }

    deinit { precondition(ending != nil, "a process was let go of that may still run") }

    /// Whether it has not ended, as far as the kernel knows now.
    public var isRunning: Bool {
        look(WNOHANG)
        return ending == nil
    }

    /// Sends a signal, if the process is there.
    public func signal(_ number: Int32) {
        if isRunning { kill(identifier, number) }
    }

    /// Ends it at once, and waits until the kernel has taken it away.
    public func end() {
        signal(SIGKILL)
        if ending == nil { look(0) }
    }

    private func look(_ options: Int32) {
        if ending != nil { return }
        var status: Int32 = 0
        var found: pid_t
        repeat { found = waitpid(identifier, &status, options) } while found < 0 && errno == EINTR
        if found == 0 { return }
        let signal = status & 0x7F
        ending = found < 0 || signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
    }
}

/// Has the kernel kill this process when the one that started it ends, however that ends.
///
/// - Parameter parent: Who has to be there still.
/// - Returns: False if it is gone already.
public func endWithParent(_ parent: pid_t) -> Bool {
    typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    let parentDeathSignal: Int32 = 1
    if let found = dlsym(dlopen(nil, RTLD_NOW), "prctl") {
        _ = unsafeBitCast(found, to: Control.self)(parentDeathSignal, UInt(SIGKILL), 0, 0, 0)
    }
    return getppid() == parent
}
