/// How uneven the choice of keys is: `80/20` sends 80 of 100 events to 20 of 100 keys.
public struct Skew: Sendable, Hashable, CustomStringConvertible {
    public var eventPercent: Int
    public var keyPercent: Int

    public init(eventPercent: Int, keyPercent: Int) {
        self.eventPercent = eventPercent
        self.keyPercent = keyPercent
    }

    public var description: String { "\(eventPercent)/\(keyPercent)" }
}
