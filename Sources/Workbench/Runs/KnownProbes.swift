/// A part of the engine, as reports tell where a fault showed.
public enum EnginePart: String, Sendable, Hashable, CaseIterable {
    case changelog, replication, coordination, keyValue, tiering, lake, unionRead, vectors, client

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
                "change refused for want of memory",
                "damaged log",
                "disk full",
                "divergent follower told to truncate",
                "divergent tail truncated",
                "duplicate batch recognized",
                "fetch answered beside a tail of an earlier term",
                "in-sync change of unknown outcome",
                "in-sync set shrunk",
                "read failed by the disk",
                "torn replica stays out of the in-sync set",
            ]
        case .coordination:
            [
                "election of unknown outcome",
                "metadata watch broken",
                "leader campaign failed",
                "leader lease lost",
                "server lost its lease",
            ]
        case .keyValue:
            [
                "rows recovered",
                "snapshot published",
                "snapshot restored",
            ]
        case .tiering:
            [
                "lake commit of a past epoch turned away",
                "lake key index rebuilt",
                "lake round overtaken",
                "manifest commit of unknown outcome",
                "upload found done already",
            ]
        case .lake:
            [
                "lake commit conflict",
                "lake commit of unknown outcome",
                "lake commit of unknown outcome adopted",
                "lake file found written already",
            ]
        case .unionRead:
            [
                "row of the lake deleted by the log",
                "union read before the first snapshot",
                "union read refused by the log",
            ]
        case .vectors:
            [
                "vector deleted while its segments were merged",
                "vector garbage outlives a failed delete",
                "vector index claimed by two at once",
                "vector manifest arrived late",
                "vector manifest of unknown outcome adopted",
                "vector manifest read back",
                "vector segments merged",
            ]
        case .client:
            [
                "write given up",
                "write refused",
            ]
        }
    }
}

/// The rare paths of the engine, by the names of their probes: a run shows also what it missed.
let knownProbes: [String] = EnginePart.allCases.flatMap(\.probes).sorted()

/// Where each probe stands.
let partsOfProbes: [String: EnginePart] = Dictionary(
    uniqueKeysWithValues: EnginePart.allCases.flatMap { part in part.probes.map { ($0, part) } })
