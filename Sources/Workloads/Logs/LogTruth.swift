/// What applications logged, counted where they did it.
public struct LogTruth: Sendable, Hashable {
    public var requests = 0
    /// Lines by level: debug, information, warning, error.
    public var lines = [0, 0, 0, 0]
    public var stackTraces = 0
    public var incidents = 0
    public var deployments = 0
    /// Lines that came after later ones of the same instance.
    public var lateLines = 0

    public init() {}
}
