/// What has offsets of its own: a bucket of a table, or of one of its partitions.
public struct LakeBucket: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Nil in a table without partitions.
    public var partition: Int64?
    public var bucket: Int32

    public init(partition: Int64? = nil, bucket: Int32) {
        self.partition = partition
        self.bucket = bucket
    }

    public static func < (left: LakeBucket, right: LakeBucket) -> Bool {
        (left.partition ?? -1, left.bucket) < (right.partition ?? -1, right.bucket)
    }

    public var description: String {
        partition.map { "partition \($0) bucket \(bucket)" } ?? "bucket \(bucket)"
    }
}

/// An offset of each bucket of a table; of those that are not named it is 0.
public struct LakeOffsets: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var bucket: LakeBucket
        public var offset: Int64
    }

    /// In the order of their buckets.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// Those of a table without partitions, from its bucket 0 on.
    public init(_ offsets: [Int64]) {
        entries = offsets.enumerated().map {
            Entry(bucket: LakeBucket(bucket: Int32($0.offset)), offset: $0.element)
        }
    }

    /// Offset 0 of some buckets.
    public init(startOf buckets: [LakeBucket]) {
        entries = buckets.sorted().map { Entry(bucket: $0, offset: 0) }
    }

    public subscript(bucket: LakeBucket) -> Int64 {
        get { place(of: bucket).map { entries[$0].offset } ?? 0 }
        set {
            if let place = place(of: bucket) {
                entries[place].offset = newValue
            } else {
                let place = entries.firstIndex { bucket < $0.bucket } ?? entries.count
                entries.insert(Entry(bucket: bucket, offset: newValue), at: place)
            }
        }
    }

    /// Of a bucket of a table without partitions.
    public subscript(bucket: Int) -> Int64 {
        get { self[LakeBucket(bucket: Int32(bucket))] }
        set { self[LakeBucket(bucket: Int32(bucket))] = newValue }
    }

    public var buckets: [LakeBucket] { entries.map(\.bucket) }

    public func names(_ bucket: LakeBucket) -> Bool { place(of: bucket) != nil }

    /// Whether none of these offsets is beyond another's of the same bucket.
    public func isWithin(_ other: LakeOffsets) -> Bool {
        entries.allSatisfy { $0.offset <= other[$0.bucket] }
    }

    /// The same without the buckets of some partitions.
    public func without(_ partitions: Set<Int64>) -> LakeOffsets {
        var kept = self
        kept.entries.removeAll { $0.bucket.partition.map(partitions.contains) ?? false }
        return kept
    }

    /// The same with every bucket at 0.
    var atStart: LakeOffsets { LakeOffsets(startOf: buckets) }

    private func place(of bucket: LakeBucket) -> Int? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].bucket < bucket { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].bucket == bucket ? low : nil
    }
}

extension LakeOffsets: ExpressibleByArrayLiteral {
    public init(arrayLiteral offsets: Int64...) { self.init(offsets) }
}

/// As they stand in a lake table's properties and in addresses: for each bucket, in order, its
/// offset, `0:123,1:456`; of a partitioned table each with its partition, `7/0:123,7/1:456`.
extension LakeOffsets: CustomStringConvertible {
    public var description: String {
        entries.map { entry in
            let partition = entry.bucket.partition.map { "\($0)/" } ?? ""
            return "\(partition)\(entry.bucket.bucket):\(entry.offset)"
        }.joined(separator: ",")
    }

    /// Reads a `description`; nil if it is anything else, as an empty text.
    public init?(text: String) {
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let offset = Self.number(parts[1]),
                let bucket = Self.bucket(parts[0])
            else { return nil }
            if let last = entries.last?.bucket {
                let isNext =
                    last.partition == bucket.partition && last.bucket + 1 == bucket.bucket
                let isFirst =
                    bucket.bucket == 0 && last.partition != nil && last < bucket
                    && last.partition != bucket.partition && bucket.partition != nil
                guard isNext || isFirst else { return nil }
            } else if bucket.bucket != 0 {
                return nil
            }
            entries.append(Entry(bucket: bucket, offset: offset))
        }
        if entries.isEmpty { return nil }
    }

    private static func bucket(_ text: Substring) -> LakeBucket? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let number = number(parts[parts.count - 1]),
            let bucket = Int32(exactly: number)
        else { return nil }
        if parts.count == 1 { return LakeBucket(bucket: bucket) }
        return Self.number(parts[0]).map { LakeBucket(partition: $0, bucket: bucket) }
    }

    private static func number(_ text: Substring) -> Int64? {
        guard let number = Int64(text), number >= 0, text == "\(number)" else { return nil }
        return number
    }
}
