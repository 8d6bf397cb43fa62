/// All oracles: one list for the tank and the real machine. A new one gets a line here.
public enum OracleList {
    static var types: [any Oracle.Type] {
        [
            LogMatching.self, AcknowledgedWrites.self, SingleLeader.self, TableIsFold.self,
            LakeReferences.self, LakeRows.self, LakeContinuity.self, DeadObjects.self,
            ReplacedObjects.self,
            ReadableOffsets.self, UnionReads.self, Fencing.self, VectorAnswers.self, Sinks.self,
            Followers.self,
            Evolution.self, Descriptions.self, Partitions.self, Spread.self, Moments.self,
            NoDeleteOnUnknown.self, ManifestReferences.self, LogStarts.self, Summaries.self,
            DrawnNumbers.self, Leftovers.self, Reassignments.self, Liveness.self,
            ReferenceModels.self, Durability.self, Freshness.self, Availability.self,
            Pace.self, Quotas.self, Bounds.self, Growth.self, Halts.self,
        ]
    }

    /// In the order in which reports show them.
    public static let descriptions: [OracleDescription] = types.map { $0.description }

    static let byName: [String: OracleDescription] = Dictionary(
        uniqueKeysWithValues: descriptions.map { ($0.name.rawValue, $0) })
}
