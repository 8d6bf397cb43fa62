/// What a fleet did, counted where it did it.
public struct FleetTruth: Sendable, Hashable {
    public var readings = 0
    /// Sent again though they had come.
    public var repeatedReadings = 0
    /// Held back while a device was out of reach, and sent in a burst.
    public var bufferedReadings = 0
    /// Lost because a device's memory was full.
    public var droppedReadings = 0
    public var gaps = 0
    /// Readings whose time is wrong by more than a minute.
    public var wrongTimes = 0
    public var missingValues = 0
    public var alerts = 0

    public init() {}
}
