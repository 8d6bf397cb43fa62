import ScenarioFiles
import Simulation
import Testing

@testable import RunReports

@Suite("Names that scenario files and the tank share")
struct NamesTests {
    @Test("Are the same on both sides")
    func same() {
        #expect(Schedule.allCases.map(\.rawValue) == JobOrder.allCases.map(\.rawValue))
        #expect(
            OperationPlace.allCases.map(\.rawValue) == Strike.Place.allCases.map(\.rawValue))
        #expect(StrikeEffect.allCases.map(\.rawValue) == Strike.Effect.allCases.map(\.rawValue))
    }

    @Test("Every kind of fault has its colour and lane in reports")
    func families() {
        for kind in FaultKindName.allCases {
            #expect(FaultFamily(kind: kind.rawValue) != .other, "\(kind)")
        }
    }
}
