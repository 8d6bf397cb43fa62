public import Changelog
public import Cluster
import Columnar
public import Iceberg
public import Platform

/// Something that happened in a run, as oracles hear of it.
public enum Fact {
    // MARK: Writers

    /// A writer was told that its batch is durable; `leader` is the server that said so.
    case acknowledged(TableWriter.Receipt, leader: String?)
    /// A writer was told that its change was not taken in.
    case refused(ClusterError)

    /// A change was handed to a writer; its number is its own in the whole run.
    case sent(BucketIdentifier, change: Int)
    /// The writer of a change was told what became of it, or gave it up.
    case settled(BucketIdentifier, change: Int)

    // MARK: The committed logs

    /// A batch came from a log; the next fact says whether it is the one that was asked for.
    case fetched(LogBatch, of: CommittedLog)
    /// A committed offset cannot be read, and no retry mends that.
    case unreadable(BucketIdentifier, reason: String)

    /// A reader asked for any offset that was committed once, and got a batch.
    case readPast(LogBatch, at: Int64, of: CommittedLog)
    /// It was told that the log has other offsets by now.
    case refusedPast(Int64, there: Range<Int64>, of: CommittedLog)

    // MARK: Answers to readers

    case lookedUp(LookupAnswer)
    case lookedUpAcross(TableLookupAnswer)
    case scanned(ScanAnswer)
    case scannedSome(PartialScanAnswer)
    case searched(SearchAnswer)
    case searchedTable(TableSearchAnswer)
    case foundNearest(NearestAnswer)
    case followed(FollowAnswer)
    case readWanted(WantedAnswer)
    case keptOffsets(KeptOffsets)
    case readUnderSchema(EvolvedAnswer)
    case pruned(PrunedAnswer)
    case foundMoment(MomentAnswer)
    case foundEnds(EndsAnswer)
    case readWhole(WholeTableAnswer)
    case readPart(PartialAnswer)
    case readChanges(ChangesAnswer)
    case readLogChanges(LogChangesAnswer)
    case streamed(StreamedAnswer)
    /// An answer that no retry mends, or none from a cluster that is well again.
    case notAnswered(Question, reason: String)

    /// A bucket's leader answered a reader.
    case answered(Question, BucketIdentifier)
    /// It did not, and the reader may ask again.
    case heldOff(Question, BucketIdentifier, reason: String)

    // MARK: Nodes

    /// A node's process ended by itself, or was ended for want of memory.
    case halted(node: String)
    /// A node noted something that people should look at.
    case warned(node: String, message: String)
    /// A node took a rare path.
    case reached(probe: String, node: String)
    /// A server counted what a client with a quota asked of it.
    case metered(QuotaUse, by: String)
    /// A node made the same request many times in the second that ends now, to the same end.
    case repeated(RepeatedRequest)
    /// Another second of the run went by.
    case second
    /// Another second went by in which nobody asks anything of a cluster that has converged.
    case restingSecond

    // MARK: Object store and lake

    case objectDeleted(String)
    /// The writer of an object got no answer.
    case putInDoubt(String, bytes: [UInt8])
    /// Somebody read or wrote the object since, and got one.
    case outcomeKnown(String)
    /// Who moved a table's pointer to this metadata got no answer.
    case swapInDoubt(path: String)
    case lakeObject(path: String, exists: Bool)
    case lakeUnreadable(LakeTableName, reason: String)
    case lakeMetadata(LakeTableName, before: TableMetadata?, now: TableMetadata)
    case lakeCommitted(LakeCommit)

    /// A write of a point reached the vector service; nil for its removal.
    case vectorWritten(_ collection: String, PointVersion, VectorPoint?)

    // MARK: The end of a run

    /// The cluster is whole or, with a reason, not yet.
    case lookedForStalls
    case didNotSettle(reason: String)
}

/// What a reader may ask.
public enum Question: String, CaseIterable, Hashable, Sendable {
    case lookup, scan, search, nearRows, unionRead, follow, filter, consume
}
