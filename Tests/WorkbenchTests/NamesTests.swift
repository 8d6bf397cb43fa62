import ScenarioFiles
import Simulation
import Testing

@Suite("Names that scenario files and the tank share")
struct NamesTests {
    @Test("Are the same on both sides")
    func same() {
        #expect(Schedule.allCases.map(\.rawValue) == JobOrder.allCases.map(\.rawValue))
        #expect(
            OperationPlace.allCases.map(\.rawValue) == Strike.Place.allCases.map(\.rawValue))
        #expect(StrikeEffect.allCases.map(\.rawValue) == Strike.Effect.allCases.map(\.rawValue))
    }
}
