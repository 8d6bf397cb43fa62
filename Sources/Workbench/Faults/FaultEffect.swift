import ScenarioFiles

/// What a kind of fault does to a world; what it is stands in ScenarioFiles under the same name.
struct FaultEffect: Sendable {
    /// Which nodes a fault keeps down while it lasts.
    enum Down: Sendable {
        case none, itsNodes, members
    }

    let name: FaultKindName
    let keepsDown: Down
    /// Whether one dated at the start takes effect before anything runs.
    let isForFirstOperation: Bool
    let begin: @Sendable (FaultKind, FaultDriver) -> Void
    let end: @Sendable (FaultKind, FaultDriver) -> Void
    /// What an active one adds to what services, disks, links and memories do.
    let rates: @Sendable (FaultKind, inout FaultRates) -> Void

    init(
        _ name: FaultKindName, keepsDown: Down = .none, isForFirstOperation: Bool = false,
        begin: @escaping @Sendable (FaultKind, FaultDriver) -> Void = { _, _ in },
        end: @escaping @Sendable (FaultKind, FaultDriver) -> Void = { _, _ in },
        rates: @escaping @Sendable (FaultKind, inout FaultRates) -> Void = { _, _ in }
    ) {
        self.name = name
        self.keepsDown = keepsDown
        self.isForFirstOperation = isForFirstOperation
        self.begin = begin
        self.end = end
        self.rates = rates
    }

    static let all = processes + partitions + links + disks + services + lake + vectors

    private static let positions = Dictionary(
        uniqueKeysWithValues: all.enumerated().map { ($0.element.name, $0.offset) })

    /// Precondition: the kind has an effect, as a test shows of every kind.
    static func of(_ kind: FaultKind) -> FaultEffect {
        guard let position = positions[kind.name] else {
            preconditionFailure("'\(kind.name.rawValue)' does nothing")
        }
        return all[position]
    }
}

extension FaultKind {
    var effect: FaultEffect { .of(self) }
}
