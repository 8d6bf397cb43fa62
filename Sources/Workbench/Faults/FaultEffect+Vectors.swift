import ScenarioFiles
import Simulation

extension FaultEffect {
    static let vectors: [FaultEffect] = [
        FaultEffect("vectorServiceUnavailable", rates: { $1.vectors.isUnavailable = true }),
        FaultEffect(
            "vectorServiceThrottle",
            rates: { $1.vectors.refusalsPerMillion += $0.integer("rate") }),
        FaultEffect("vectorServiceOutcomeUnknown", rates: { $1.vectors.loseAnswers($0) }),
        FaultEffect(
            "vectorServiceSlow",
            rates: { $1.vectors.slowFactor = max($1.vectors.slowFactor, $0.integer("factor")) }),
        FaultEffect(
            "vectorServiceRestart", begin: { _, driver in driver.world.vectors.restart() },
            rates: { $1.vectors.isUnavailable = true }),
    ]
}
