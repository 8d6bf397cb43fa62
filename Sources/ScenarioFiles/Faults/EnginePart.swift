/// A part of the engine, as reports tell where a fault showed.
public enum EnginePart: String, Sendable, Hashable, CaseIterable {
    case changelog, replication, coordination, keyValue, tiering, lake, unionRead, vectors, sinks,
        client

    /// What the part is about, in plain words.
    public var meaning: String {
        switch self {
        case .changelog: "the log on a server's disk"
        case .replication: "logs between servers, and the calls to them"
        case .coordination: "leaders, tables and what the coordinator does"
        case .keyValue: "rows of primary-key tables and their snapshots"
        case .tiering: "the log in the object store"
        case .lake: "commits, maintenance and readers of lake tables"
        case .unionRead: "reads of lake and log together"
        case .vectors: "the vector index"
        case .sinks: "tables in vector databases of others"
        case .client: "writers and readers at the client"
        }
    }

    /// The rare paths of the part, by the names of their probes.
    ///
    /// A Tidy test holds them against the sources.
    public var probes: [String] {
        switch self {
        case .changelog:
            [
                "index of a sealed segment rebuilt",
                "log cut at damage",
                "log snapshot rebuilt",
                "sector given up as unreadable",
                "torn tail cut",
            ]
        case .replication:
            [
                "answer over the frame limit",
                "call that cannot be read",
                "call without access",
                "caller not let in",
                "change refused for want of memory",
                "client held back for its quota",
                "client refused for its quota",
                "damaged log",
                "disk full",
                "divergent follower told to truncate",
                "divergent tail truncated",
                "duplicate batch recognized",
                "fetch answered beside a tail of an earlier term",
                "files of a dropped table found at the start",
                "files of a dropped table removed",
                "in-sync change of unknown outcome",
                "in-sync set shrunk",
                "part of a fetch refused",
                "read beyond a watermark that is not known yet",
                "read failed by the disk",
                "replica of a dropped table retired",
                "replica restarted from the remote log",
                "room made on a full disk",
                "server too old for the cluster's format",
                "torn replica stays out of the in-sync set",
            ]
        case .coordination:
            [
                "access list changed by another",
                "cluster format raised",
                "database created",
                "database dropped",
                "disk replaced",
                "drop found done",
                "drop of a former database came late",
                "dropped table collected",
                "election of many made one by one",
                "election of unknown outcome",
                "half-made table removed",
                "leader campaign failed",
                "leader handed to a replica that stays",
                "leader lease lost",
                "leader moved back to the preferred replica",
                "metadata watch broken",
                "move of a rebalance begun",
                "number drawn by another",
                "object of a dropped table collected",
                "offsets of a consumer kept again",
                "partition created by time",
                "partition created",
                "partition dropped by time",
                "partition dropped",
                "partition found there",
                "reassignment begun",
                "reassignment canceled",
                "reassignment concluded",
                "reassignment found done",
                "reassignment turned back for want of a server",
                "rebalance canceled",
                "rebalance completed",
                "rebalance planned",
                "registration crossed a raise of the format",
                "replica of a lost server replaced",
                "replica retired",
                "row numbers drawn",
                "server lost its lease",
                "stray log removed",
                "table altered",
                "table asked for ahead of the news of a format",
                "table change found done",
                "table dropped",
            ]
        case .keyValue:
            [
                "earlier row snapshot restored",
                "lost row snapshot rebuilt from the log",
                "missing row inserted by a lookup",
                "orphans of row snapshots collected",
                "row snapshot held by a lease",
                "row snapshot objects collected",
                "row snapshot replaced while it was leased",
                "rows adopted a later schema",
                "rows of a schema that is not known here yet",
                "rows recovered",
                "scan of rows expired",
                "snapshot published",
                "snapshot restored",
            ]
        case .tiering:
            [
                "batch of a later schema left for the next round",
                "empty replica began at the end of the remote log",
                "lake commit of a past epoch turned away",
                "lake key index rebuilt",
                "lake round overtaken",
                "lake schema followed",
                "lake partition spec added",
                "partition of the lake not heard of yet",
                "dropped partition removed from the lake",
                "lake file of several partitions looked through",
                "partition waits for the removal of one of its values",
                "rows of a dropped partition kept out of the lake",
                "log hold expired",
                "log segments expired",
                "manifest commit of unknown outcome",
                "offset by time found in the remote log",
                "offset by time sought again in a log that expired",
                "orphans of the remote log collected",
                "progress of the lake published",
                "remote log objects collected",
                "remote segment gone under a reader",
                "upload found done already",
            ]
        case .lake:
            [
                "foreign lake commit found",
                "lake commit conflict",
                "lake commit of unknown outcome adopted",
                "lake commit of unknown outcome",
                "lake file found written already",
                "lake file gone under a tierer that reads",
                "lake files compacted",
                "lake snapshots expired",
                "lake snapshot kept for its reader",
                "lake snapshot expired before its lease",
                "lake snapshot read without a lease",
                "lake lease renewed",
                "lake lease left behind",
                "lake orphans deleted",
                "lake table made anew",
                "lake table of a dropped table replaced",
            ]
        case .unionRead:
            [
                "batch left out by its statistics",
                "row of the lake deleted by the log",
                "snapshot expired while it was read",
                "union read before the first snapshot",
                "union read refused by the log",
            ]
        case .vectors:
            [
                "answer of an index behind an earlier one refused",
                "more candidates of near rows looked at",
                "nearest rows read out of the whole table",
                "progress of an indexer crossed that of another",
                "second indexer searched as the first is slow",
                "vector deleted while its segments were merged",
                "vector garbage outlives a failed delete",
                "vector index claimed by two at once",
                "vector index goes on as a copy",
                "vector index opened from its manifest",
                "vector index taken over by its copy",
                "vector manifest arrived late",
                "vector manifest of unknown outcome adopted",
                "vector manifest read back",
                "vector segment of an earlier opening landed late",
                "vector segments merged",
            ]
        case .sinks:
            [
                "vector service was waited for",
                "vector sink removed a dropped partition",
                "vector sink waited for what was sent before it",
                "vector sink wrote again what was begun",
                "vector write of unknown outcome",
            ]
        case .client:
            [
                "batch behind one that failed sent again",
                "batch came before the one ahead of it",
                "batch sent behind another that is under way",
                "batch split because it is too large",
                "Fluss client turned to another gateway",
                "partition created by a writer",
                "write given up",
                "write refused",
                "write to what was dropped given up",
                "writer forgotten by the log begins anew",
            ]
        }
    }

    /// The rare paths of the engine, by the names of their probes: a run shows also what it missed.
    public static let allProbes: [String] = allCases.flatMap(\.probes).sorted()

    /// The part in which a probe stands; nil for one that the engine does not have.
    public static func of(probe: String) -> EnginePart? { partsOfProbes[probe] }

    private static let partsOfProbes: [String: EnginePart] = Dictionary(
        uniqueKeysWithValues: allCases.flatMap { part in part.probes.map { ($0, part) } })
}
