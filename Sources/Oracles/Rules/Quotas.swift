import Cluster
import Platform
import Server

extension OracleName {
    public static let quotas = OracleName("quotas")
}

/// A client gets no more than its quota, and waits for what it asked itself and nothing else.
///
/// For each server and client the oracle adds up what was asked, as it came, and lets a second's
/// worth of it be forgotten each second. Up to one second's worth nobody waits; who has had more
/// has to wait for just as long as it takes to be forgotten. By the clock of the server, which need
/// not be right.
final class Quotas: Oracle {
    static let description = OracleDescription(
        .quotas, "a client gets its quota, no more, and waits for what it asked itself",
        compares: "what clients with quotas asked, with how long they waited",
        needs: [.cluster, .faults])

    /// What one client asked of one server, of one kind.
    private struct Account {
        var countedSince: Instant
        /// In nanoseconds of the rate, and when it was so.
        var used: Int64 = 0
        var at: Instant
    }

    private struct Key: Hashable {
        var server: String
        var client: String
        var measure: Quota.Measure
    }

    /// A second's worth may be had at once.
    private static let depth: Int64 = 1_000_000_000
    /// For each use a part of a nanosecond is lost.
    private static let slack: Int64 = 1_000_000

    private let evidence: Evidence
    private let tally: Tally
    private var accounts: [Key: Account] = [:]

    init(_ evidence: Evidence, _ tally: Tally) {
        self.evidence = evidence
        self.tally = tally
    }

    /// Where nobody has a quota there is nothing to look at.
    var hasWork: Bool {
        evidence.observation.deployment.configuration.clientQuota != Quota()
    }

    func learned(_ fact: Fact) {
        guard case .metered(let use, let server) = fact else { return }
        let key = Key(server: server, client: use.client, measure: use.measure)
        var account =
            accounts[key] ?? Account(countedSince: use.countedSince, at: use.arrivedAt)
        // A server that was started anew knows nothing of before.
        if account.countedSince != use.countedSince {
            account = Account(countedSince: use.countedSince, at: use.arrivedAt)
        }
        account.used = max(0, account.used - (use.arrivedAt - account.at).nanoseconds)
        account.at = use.arrivedAt
        judge(use, server, owed: account.used - Self.depth)
        let amount = Int64(clamping: Int128(use.amount) * 1_000_000_000 / Int128(use.rate))
        if use.outcome != .refused { account.used += amount }
        accounts[key] = account
    }

    /// `owed` is what the client had before, over what it might have had at once.
    private func judge(_ use: QuotaUse, _ server: String, owed: Int64) {
        let who = "\(use.client) at \(server), \(use.measure.rawValue)"
        func milliseconds(_ nanoseconds: Int64) -> String { "\(nanoseconds / 1_000_000) ms" }
        switch use.outcome {
        case .served(let moment):
            let waited = (moment - use.arrivedAt).nanoseconds
            let due = max(0, owed)
            tally.expect(
                waited >= due - Self.slack,
                "\(who): \(use.amount) were served after \(milliseconds(waited)), where the quota "
                    + "of \(use.rate) a second asks for \(milliseconds(due))")
            tally.expect(
                waited <= due + Self.slack,
                "\(who): held back for \(milliseconds(waited)), where what it had asks for "
                    + milliseconds(due))
        case .refused:
            tally.expect(
                owed >= QuotaKeeper.waitLimit.nanoseconds - Self.slack,
                "\(who): refused, where what it had asks for a wait of "
                    + milliseconds(max(0, owed)))
        case .charged: tally.count()
        }
    }
}
