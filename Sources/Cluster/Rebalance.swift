import Columnar

/// A rebalance of the cluster, as it stands in the coordination service: which buckets get other
/// replicas or leaders, and how far that is.
///
/// It goes in rounds: a plan of some moves, of which a few are under way at a time, and when all
/// have ended the next plan, made of what is then, until nothing is left to be moved. There is one
/// rebalance at a time, and the last one stays to be asked about.
public struct Rebalance: Hashable, Sendable {
    /// What a rebalance is after, under the names and numbers of Fluss's `GoalType`.
    public enum Goal: Int32, CaseIterable, Sendable {
        /// Each server has as many replicas as any other, but for one.
        case replicaDistribution = 0
        /// Each server is the preferred leader of as many buckets as any other, but for one, and
        /// the preferred replica leads.
        case leaderDistribution = 1

        /// How Fluss and its SQL procedures write it.
        public var name: String {
            switch self {
            case .replicaDistribution: "REPLICA_DISTRIBUTION"
            case .leaderDistribution: "LEADER_DISTRIBUTION"
            }
        }

        public init?(name: String) {
            guard let goal = Self.allCases.first(where: { $0.name == name.uppercased() }) else {
                return nil
            }
            self = goal
        }
    }

    /// How far it is, under the names and numbers of Fluss's `RebalanceStatus`.
    public enum Status: Int32, CaseIterable, Sendable {
        case notStarted = 0
        case rebalancing = 1
        case failed = 2
        case completed = 3
        case canceled = 4

        public var isFinal: Bool { self != .notStarted && self != .rebalancing }

        /// How Fluss writes it.
        public var name: String {
            switch self {
            case .notStarted: "NOT_STARTED"
            case .rebalancing: "REBALANCING"
            case .failed: "FAILED"
            case .completed: "COMPLETED"
            case .canceled: "CANCELED"
            }
        }
    }

    /// What becomes of one bucket.
    public struct Move: Hashable, Sendable {
        public var bucket: BucketIdentifier
        /// The replicas before; the first was the preferred leader.
        public var source: [String]
        /// The replicas after; the first is to lead.
        public var target: [String]
        /// Who led before; nil if nobody did.
        public var formerLeader: String?
        public var status = Status.notStarted
    }

    /// Larger than that of every rebalance before.
    public var identifier: Int64
    public var goals: [Goal]
    public var status: Status
    /// The round that is under way, or was last, from 1.
    public var round: Int32
    /// The moves of this round.
    public var moves: [Move]
    /// How many moves of the rounds before came about.
    public var earlierMoves: Int32

    /// How many moves came about, those of earlier rounds included.
    public var completedCount: Int {
        Int(earlierMoves) + moves.count { $0.status == .completed }
    }

    /// Where the coordination service has the cluster's one rebalance.
    public static var key: String { MetadataKey.rebalance.text }

    /// Reads the rebalance that the coordination service has.
    public init(reading stored: [UInt8], _ configuration: ClusterConfiguration) throws {
        try self.init(stored: stored, supported: configuration.formatVersion)
    }

    init(
        identifier: Int64, goals: [Goal], status: Status, round: Int32 = 1, moves: [Move],
        earlierMoves: Int32 = 0
    ) {
        self.identifier = identifier
        self.goals = goals
        self.status = status
        self.round = round
        self.moves = moves
        self.earlierMoves = earlierMoves
    }
}

extension Rebalance: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: identifier)
        writer.append(list: goals) { $0.append(littleEndian: $1.rawValue) }
        writer.append(littleEndian: status.rawValue)
        writer.append(littleEndian: round)
        writer.append(list: moves) { $1.encode(into: &$0) }
        writer.append(littleEndian: earlierMoves)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        identifier = try reader.readLittleEndian()
        goals = try reader.readList { (reader) throws(ColumnarError) in
            try Goal(reading: &reader)
        }
        status = try Status(reading: &reader)
        round = try reader.readLittleEndian()
        moves = try reader.readList { (reader) throws(ColumnarError) in
            try Move(from: &reader)
        }
        earlierMoves = try reader.readLittleEndian()
    }
}

extension Rebalance.Goal {
    init(reading reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        guard let goal = Self(rawValue: try reader.readLittleEndian()) else {
            throw .corrupt(reason: "no such goal of a rebalance", position: position)
        }
        self = goal
    }
}

extension Rebalance.Status {
    fileprivate init(reading reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        guard let status = Self(rawValue: try reader.readLittleEndian()) else {
            throw .corrupt(reason: "no such status of a rebalance", position: position)
        }
        self = status
    }
}

extension Rebalance.Move: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(bucket)
        writer.append(list: source) { $0.append(string: $1) }
        writer.append(list: target) { $0.append(string: $1) }
        writer.append(optional: formerLeader) { $0.append(string: $1) }
        writer.append(littleEndian: status.rawValue)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        bucket = try reader.readBucket()
        source = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
        target = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
        formerLeader = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readString()
        }
        status = try Rebalance.Status(reading: &reader)
    }
}
