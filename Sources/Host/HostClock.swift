import Glibc
import Platform

/// The machine's clocks; all machines of a world share them.
final class HostClock: TimeSource {
    private unowned let world: HostWorld
    private let lifetime: Lifetime

    init(world: HostWorld, lifetime: Lifetime) {
        self.world = world
        self.lifetime = lifetime
    }

    /// Nanoseconds on the monotonic clock, on any thread.
    static var monotonicNanoseconds: Int64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since 1970 on the wall clock, on any thread.
    static var wallNanoseconds: Int64 { read(CLOCK_REALTIME) }

    var now: Instant { Instant(nanoseconds: Self.monotonicNanoseconds) }

    var timestamp: Timestamp {
        Timestamp(millisecondsSinceEpoch: Self.wallNanoseconds / 1_000_000)
    }

    func schedule(at deadline: Instant, _ wake: @escaping () -> Void) -> Alarm {
        let lifetime = self.lifetime
        let identifier = world.schedule(deadline.nanoseconds) {
            if !lifetime.isEnded { wake() }
        }
        return Alarm(identifier: identifier)
    }

    func cancel(_ alarm: Alarm) { world.cancel(alarm.identifier) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        precondition(clock_gettime(clock, &time) == 0, "the system has no such clock")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Names the present boot of this computer: monotonic time starts anew with each.
func bootIdentifier() -> String {
    guard let file = try? Descriptor("/proc/sys/kernel/random/boot_id", O_RDONLY) else { return "" }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(file.number, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
}
