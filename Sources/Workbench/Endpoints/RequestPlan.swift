import ScenarioFiles
import Server
import Workloads

/// Which requests are struck, by their number among those of their kinds.
struct RequestPlan {
    private let faults: [RequestFault]
    private let seed: UInt64
    /// For each fault how many requests it named so far, and how many it struck.
    private var seen: [Int]
    private(set) var struck: [Int]

    init(_ scenario: EndpointScenario, seed: UInt64) {
        faults = scenario.faults
        self.seed = seed
        seen = [Int](repeating: 0, count: faults.count)
        struck = seen
    }

    /// What becomes of the next request of a kind; nil if it is left alone. Of several faults that
    /// strike it the first of the file does.
    mutating func strike(_ request: RequestFault.Request) -> RequestFault? {
        let isCatalog = Self.catalogRequests.contains(request)
        var found: Int?
        for (index, fault) in faults.enumerated() {
            let isNamed =
                fault.requests.contains(request)
                || fault.requests.contains(isCatalog ? .anyCatalogRequest : .anyStoreRequest)
            guard isNamed else { continue }
            seen[index] += 1
            let number = seen[index]
            guard found == nil, number >= fault.from, (number - fault.from) % fault.every == 0,
                fault.times.map({ struck[index] < $0 }) ?? true,
                Self.isDrawn(seed, index, number, fault.share)
            else { continue }
            found = index
        }
        guard let found else { return nil }
        struck[found] += 1
        return faults[found]
    }

    private static let catalogRequests: Set<RequestFault.Request> = [
        .loadTable, .createTable, .commitTable, .dropTable, .anyCatalogRequest,
    ]

    /// Whether the seed draws a request; the same for the same number, whatever came between.
    private static func isDrawn(_ seed: UInt64, _ fault: Int, _ number: Int, _ share: Int) -> Bool {
        if share >= 1_000_000 { return true }
        var random = RandomSource(seed: seed, label: "fault \(fault), request \(number)")
        return random.chance(partsPerMillion: share)
    }
}

extension RequestFault.Request {
    /// The kind of a catalog's operation; all that is not told apart is only "any".
    init(_ operation: CatalogGateway.Operation) {
        switch operation {
        case .loadTable, .tableExists: self = .loadTable
        case .createTable, .registerTable: self = .createTable
        case .commitTable: self = .commitTable
        case .dropTable: self = .dropTable
        default: self = .anyCatalogRequest
        }
    }

    init(_ operation: ObjectGateway.Operation) {
        switch operation {
        case .getObject: self = .getObject
        case .headObject: self = .headObject
        case .putObject, .copyObject, .putPart, .completeUpload: self = .putObject
        case .deleteObject, .deleteObjects: self = .deleteObject
        case .listObjects: self = .listObjects
        default: self = .anyStoreRequest
        }
    }
}
