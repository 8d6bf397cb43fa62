/// A device of a fleet.
struct FleetDevice {
    /// What it measured while nobody could hear it.
    struct Reading {
        var sequence: Int64
        var at: Int64
        var decidegrees: Int32
    }

    var sequence: Int64 = 0
    /// Tenths of a degree: a walk that is drawn back to its mean.
    var decidegrees: Int32
    var battery: Int32 = 1000
    /// How much its clock goes wrong, in millionths, and by how much it is off, in microseconds.
    var drift: Int64
    var offset: Int64 = 0
    var synchronized: Int64
    var isOffline = false
    var isHot = false
    var firmware: Int32 = 1
    var backlog: [Reading] = []

    /// What the device takes for the time.
    func time(at now: Int64) -> Int64 {
        now + offset + (now - synchronized) / 1_000_000 * drift
    }
}
