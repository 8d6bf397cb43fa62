import Cluster
import Platform
import ScenarioFiles
import Server
import Simulation

extension FaultEffect {
    static let services: [FaultEffect] = [
        FaultEffect(
            "objectStoreErrors",
            rates: { $1.objects.loseAnswers($0) }),
        FaultEffect(
            "objectStoreThrottle",
            rates: { $1.objects.refusalsPerMillion += $0.integer("rate") }),
        FaultEffect(
            "objectStoreSlow",
            rates: { $1.objects.slowFactor = max($1.objects.slowFactor, $0.integer("factor")) }),
        FaultEffect(
            "objectStoreTornUpload",
            rates: { $1.objects.tornUploadsPerMillion += $0.integer("rate") }),
        FaultEffect(
            "objectStoreTail",
            rates: {
                $1.objects.tailPerMillion += $0.integer("rate")
                $1.objects.tailFactor = max($1.objects.tailFactor, $0.integer("factor"))
            }),
        FaultEffect(
            "coordinationUnavailable", rates: { $1.coordination.isUnavailable = true }),
        FaultEffect(
            "coordinationOutcomeUnknown",
            rates: { $1.coordination.loseAnswers($0) }),
        FaultEffect(
            "coordinationConflict",
            rates: { $1.coordination.conflictsPerMillion += $0.integer("rate") }),
        FaultEffect(
            "coordinationTail",
            rates: {
                $1.coordination.tailPerMillion += $0.integer("rate")
                $1.coordination.tailFactor = max(
                    $1.coordination.tailFactor, $0.integer("factor"))
            }),
        FaultEffect("watchDelay", rates: { $1.coordination.watchDelay += $0.duration("by") }),
        FaultEffect(
            "watchRepeat", rates: { $1.coordination.repeatsPerMillion += $0.integer("rate") }),
        FaultEffect("leaseExpiry") { fault, driver in
            for node in fault.nodes {
                let key = registrationKey(of: node.description)
                if let lease = driver.world.coordinator.entry(key)?.lease {
                    _ = driver.world.coordinator.expireLease(lease)
                }
            }
        },
        FaultEffect(
            "serviceCut",
            begin: { fault, driver in
                for (source, target) in ways(fault) {
                    driver.world.block(from: source, to: target)
                }
            },
            end: { fault, driver in
                for (source, target) in ways(fault) {
                    driver.world.open(from: source, to: target)
                }
            }),
        // Its operation may be the first of all.
        FaultEffect("strike", isForFirstOperation: true) { fault, driver in
            guard let place = Strike.Place(rawValue: fault.text("place")),
                let effect = Strike.Effect(rawValue: fault.text("effect"))
            else { preconditionFailure("the shape allows a strike that the tank does not know") }
            driver.world.arm(Strike(place, fault.integer("operation"), effect))
        },
    ]

    /// The ways between a node and a service on which a cut lets nothing pass.
    private static func ways(_ fault: FaultKind) -> [(Place, Place)] {
        let service: Place =
            switch fault.text("service") {
            case "objectStore": .objectStore
            case "coordination": .coordination
            case "vectorService": .vectorService
            default: .lakeCatalog
            }
        let direction = fault.text("direction")
        return fault.nodes.flatMap { node -> [(Place, Place)] in
            let machine = Place.machine(node.description)
            let requests = direction == "answers" ? [] : [(machine, service)]
            return requests + (direction == "requests" ? [] : [(service, machine)])
        }
    }
}

extension ServiceFaults {
    /// Loses answers at the fault's rate, before or after their requests took effect.
    mutating func loseAnswers(_ fault: FaultKind) {
        let (rate, effect) = (fault.integer("rate"), fault.text("effect"))
        if effect != "after" { lostBeforePerMillion += rate }
        if effect != "before" { lostAfterPerMillion += rate }
    }
}
