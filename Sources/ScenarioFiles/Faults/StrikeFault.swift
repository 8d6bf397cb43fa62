/// Where the operations of a run are counted, those that have an effect.
public enum OperationPlace: String, Sendable, Hashable, CaseIterable {
    /// Writes, syncs, changes of names.
    case disk
    /// Frames sent.
    case network
    case objectStore, coordination, lakeCatalog, vectorService

    /// Only a service gives answers that can be lost.
    public func allows(_ effect: StrikeEffect) -> Bool {
        switch self {
        case .disk, .network: effect != .lostAnswer
        case .objectStore, .coordination, .lakeCatalog, .vectorService: true
        }
    }
}

/// What strikes an operation, once it has taken effect.
public enum StrikeEffect: String, Sendable, Hashable, CaseIterable {
    /// Its node's process ends.
    case crash
    /// Its node's machine loses power.
    case powerLoss
    /// The service's answer is lost.
    case lostAnswer
}

extension FaultKind {
    /// The operation with this number, counted from 0 at its place over the whole run, takes effect
    /// and its node ends, or its answer is lost.
    public static func strike(
        place: OperationPlace, operation: Int, effect: StrikeEffect
    ) -> FaultKind {
        FaultKind(
            "strike",
            [
                "place": .text(place.rawValue), "operation": .integer(operation),
                "effect": .text(effect.rawValue),
            ])
    }

    /// What a strike strikes and how; nil for another kind of fault.
    public var struck: (place: OperationPlace, operation: Int, effect: StrikeEffect)? {
        guard name == "strike", let place = OperationPlace(rawValue: text("place")),
            let effect = StrikeEffect(rawValue: text("effect"))
        else { return nil }
        return (place, integer("operation"), effect)
    }
}
