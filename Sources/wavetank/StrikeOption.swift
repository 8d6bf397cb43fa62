import ArgumentParser
import ScenarioFiles

/// One operation and what strikes it, on the command line: `disk:1234:crash`.
struct StrikeOption: ExpressibleByArgument, CustomStringConvertible {
    let fault: FaultKind

    init(_ fault: FaultKind) {
        precondition(fault.struck != nil, "this is no strike")
        self.fault = fault
    }

    init?(argument: String) {
        let parts = argument.split(separator: ":")
        guard parts.count == 3, let place = OperationPlace(rawValue: String(parts[0])),
            let operation = Int(parts[1]), operation >= 0,
            let effect = StrikeEffect(rawValue: String(parts[2])), place.allows(effect)
        else { return nil }
        fault = .strike(place: place, operation: operation, effect: effect)
    }

    var description: String {
        guard let struck = fault.struck else { return "" }
        return "\(struck.place.rawValue):\(struck.operation):\(struck.effect.rawValue)"
    }
}
