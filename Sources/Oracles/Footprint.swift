/// What a whole cluster holds at a moment.
public struct Footprint: Hashable, Sendable {
    public var objectBytes = 0
    public var objectCount = 0
    /// Of all servers.
    public var diskBytes = 0
    /// Of the one process that has most of them.
    public var openFiles = 0
    /// Accounted for by the one process that has most of it, in bytes.
    public var memoryBytes = 0
    /// Entries of the coordination service.
    public var coordinationEntries = 0
    /// Operations of the largest transaction that the coordination service was given.
    public var largestTransaction = 0
    /// Frames that were built and are larger than a frame may be.
    public var oversizedFrames = 0
    /// Bytes of the largest object, and its key.
    public var largestObject = 0

    public init() {}
}
