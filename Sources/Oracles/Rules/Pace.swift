import Cluster
import Platform
import Server

extension OracleName {
    public static let pace = OracleName("pace")
}

/// A request that a node made several times within a second, and that ended in the same way each
/// time.
public struct RepeatedRequest: Hashable, Sendable {
    public var node: String
    public var target: String
    public var request: String
    public var answer: String
    public var count: Int

    public init(node: String, target: String, request: String, answer: String, count: Int) {
        self.node = node
        self.target = target
        self.request = request
        self.answer = answer
        self.count = count
    }
}

/// Nobody asks the same again and again without a pause: a node that repeats a request at one
/// target, and gets the same answer each time, does so at most as often in a second as the shortest
/// wait between two tries, which is half of `ClusterConfiguration.retryWait`, allows ten tasks.
final class Pace: Oracle {
    static let description = OracleDescription(
        .pace, "nobody repeats without a pause what is refused or leads nowhere",
        compares: "seconds, and requests that were repeated within one",
        needs: [.cluster, .store])

    private let evidence: Evidence
    private let tally: Tally
    /// Each said once.
    private var told: Set<String> = []

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// Several tasks of a node may try the same at once, each with its pauses: a loop without any
    /// asks as often as answers come, a thousand times and more.
    private static let taskCount = 10

    private var bound: Int {
        let wait = evidence.observation.deployment.configuration.retryWait
        return Self.taskCount * max(40, Int(2 * 1_000_000_000 / max(1, wait.nanoseconds)))
    }

    func learned(_ fact: Fact) {
        switch fact {
        case .second: tally.count()
        case .repeated(let request):
            tally.count()
            if request.count <= bound { return }
            let what = "\(request.node) \(request.target) \(request.request)"
            if !told.insert(what).inserted { return }
            tally.violated(
                "\(request.node) asked \(request.target) \(request.count) times within a second "
                    + "for the same, \(request.request), and each time the answer was: "
                    + "\(request.answer); at most \(bound) times is a pace with pauses")
        default: break
        }
    }
}
