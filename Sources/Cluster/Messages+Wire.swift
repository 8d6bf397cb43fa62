import Changelog
import Columnar
import Platform
import Vectors

extension Request {
    var key: APIKey {
        switch self {
        case .apiVersions: .apiVersions
        case .createTable: .createTable
        case .alterTable: .alterTable
        case .createDatabase: .createDatabase
        case .dropDatabase: .dropDatabase
        case .dropTable: .dropTable
        case .createPartition: .createPartition
        case .dropPartition: .dropPartition
        case .reassign: .reassignBucket
        case .rebalance: .rebalance
        case .cancelRebalance: .cancelRebalance
        case .prefixLookup: .prefixLookup
        case .produce: .produceLog
        case .upsert: .putKeyValue
        case .fetch: .fetchLog
        case .lookup, .insertIfAbsent: .lookup
        case .scan: .limitScan
        case .scanRows: .scanKeyValue
        case .offsets, .offset: .listOffsets
        case .search: .searchVectors
        }
    }

    /// The oldest version of the call that can say this.
    var oldestVersion: Int16 {
        switch self {
        case .upsert(let request): request.columns == nil ? 0 : 1
        case .fetch(let request): request.columns == nil && request.filter == nil ? 0 : 1
        case .offset, .insertIfAbsent: 1
        case .search(_, let query): query.isPlain ? 0 : 1
        default: 0
        }
    }

    /// What follows the call's key and version in its frame.
    ///
    /// Precondition: the version can say it.
    func encodeBody(_ version: Int16, into writer: inout ByteWriter) {
        precondition(version >= oldestVersion, "\(key) of version \(version) cannot say this")
        switch self {
        case .apiVersions: break
        case .createTable, .alterTable, .createDatabase, .dropDatabase, .dropTable,
            .createPartition, .dropPartition, .reassign, .rebalance, .cancelRebalance:
            encodeTableBody(version, into: &writer)
        case .prefixLookup(let bucket, let prefix, let after, let limit):
            writer.append(bucket)
            writer.append(lengthPrefixed: prefix)
            writer.append(optional: after) { $0.append(lengthPrefixed: $1) }
            writer.append(zigZag: Int64(limit))
        case .produce(let request):
            if version >= 1 {
                writer.append(short: request.bucket)
                PackedBatches.append(request.batch, to: &writer)
            } else {
                writer.append(request.bucket)
                writer.append(lengthPrefixed: request.batch)
            }
        case .upsert(let request): request.encode(version, into: &writer)
        case .fetch(let request):
            request.encode(version, into: &writer)
            if version >= 1 {
                writer.append(columns: request.columns)
                writer.append(optional: request.filter) { $1.encode(into: &$0) }
            }
        case .lookup(let bucket, let keys), .insertIfAbsent(let bucket, let keys):
            writer.append(bucket)
            writer.append(list: keys) { $0.append(lengthPrefixed: $1) }
            if version >= 1 {
                let isInserting = if case .insertIfAbsent = self { true } else { false }
                writer.append(byte: isInserting ? 1 : 0)
            }
        case .scan(let bucket, let after, let limit):
            writer.append(bucket)
            writer.append(optional: after) { $0.append(lengthPrefixed: $1) }
            writer.append(zigZag: Int64(limit))
        case .scanRows(let request): request.encode(into: &writer)
        case .offsets(let bucket):
            writer.append(bucket)
            if version >= 1 { writer.append(byte: 0) }
        case .offset(let bucket, let time):
            writer.append(bucket)
            writer.append(byte: 1)
            writer.append(littleEndian: time.millisecondsSinceEpoch)
        case .search(let bucket, let query):
            writer.append(bucket)
            query.encode(into: &writer)
        }
    }

    /// Reads the body of a call; bytes left over are an error.
    init(
        _ key: APIKey, _ version: Int16, from reader: inout ByteReader
    ) throws(ColumnarError) {
        self = try Request.body(key, version, &reader)
        if !reader.isAtEnd {
            throw .corrupt(
                reason: "\(reader.remaining) bytes after the call", position: reader.position)
        }
    }

    private static func body(
        _ key: APIKey, _ version: Int16, _ reader: inout ByteReader
    ) throws(ColumnarError) -> Request {
        switch key {
        case .apiVersions: return .apiVersions
        case .createTable, .alterTable, .createDatabase, .dropDatabase, .dropTable,
            .createPartition, .dropPartition, .reassignBucket, .rebalance, .cancelRebalance:
            return try tableBody(key, version, &reader)
        case .prefixLookup:
            return .prefixLookup(
                try reader.readBucket(), prefix: try reader.readLengthPrefixed(),
                after: try reader.readOptional { (reader) throws(ColumnarError) in
                    try reader.readLengthPrefixed()
                }, limit: try reader.readNumber())
        case .produceLog where version >= 1:
            return .produce(
                ProduceRequest(
                    bucket: try reader.readShortBucket(), batch: try PackedBatches.read(&reader)))
        case .produceLog:
            return .produce(
                ProduceRequest(
                    bucket: try reader.readBucket(), batch: try reader.readLengthPrefixed()))
        case .putKeyValue: return .upsert(try UpsertRequest(version, from: &reader))
        case .fetchLog:
            var request = try FetchRequest(version, from: &reader)
            if version >= 1 {
                request.columns = try reader.readColumns()
                request.filter = try reader.readOptional { (reader) throws(ColumnarError) in
                    try LogFilter(from: &reader)
                }
            }
            return .fetch(request)
        case .lookup:
            let bucket = try reader.readBucket()
            let keys = try reader.readList { (reader) throws(ColumnarError) in
                try reader.readLengthPrefixed()
            }
            let isInserting = version >= 1 ? try reader.readByte() != 0 : false
            return isInserting ? .insertIfAbsent(bucket, keys: keys) : .lookup(bucket, keys: keys)
        case .scanKeyValue: return .scanRows(try RowScanRequest(from: &reader))
        case .limitScan:
            return .scan(
                try reader.readBucket(),
                after: try reader.readOptional { (reader) throws(ColumnarError) in
                    try reader.readLengthPrefixed()
                },
                limit: try reader.readNumber())
        case .listOffsets:
            let bucket = try reader.readBucket()
            if version < 1 { return .offsets(bucket) }
            if try reader.readByte() == 0 { return .offsets(bucket) }
            return .offset(
                bucket, at: Timestamp(millisecondsSinceEpoch: try reader.readLittleEndian()))
        case .searchVectors:
            return .search(try reader.readBucket(), try VectorQuery(from: &reader))
        }
    }
}

extension UpsertRequest {
    fileprivate func encode(_ version: Int16, into writer: inout ByteWriter) {
        if version >= 2 {
            writer.append(short: bucket)
            writer.append(zigZag: self.writer)
            writer.append(zigZag: Int64(sequence))
        } else {
            writer.append(bucket)
            writer.append(littleEndian: self.writer)
            writer.append(littleEndian: sequence)
        }
        writer.append(list: operations) {
            $0.append(byte: $1.isDelete ? 1 : 0)
            $0.append(lengthPrefixed: $1.bytes)
        }
        if version >= 1 { writer.append(columns: columns) }
    }

    fileprivate init(_ version: Int16, from reader: inout ByteReader) throws(ColumnarError) {
        if version >= 2 {
            bucket = try reader.readShortBucket()
            writer = try reader.readZigZag()
            sequence = try reader.readInt32()
        } else {
            bucket = try reader.readBucket()
            writer = try reader.readLittleEndian()
            sequence = try reader.readLittleEndian()
        }
        operations = try reader.readList { (reader) throws(ColumnarError) in
            Operation(
                isDelete: try reader.readByte() != 0, bytes: try reader.readLengthPrefixed())
        }
        columns = version < 1 ? nil : try reader.readColumns()
    }
}

/// A follower asks for all its buckets at each fetch: short numbers are most of what is sent.
extension FetchRequest {
    fileprivate func encode(_ version: Int16, into writer: inout ByteWriter) {
        writer.append(optional: replica) { $0.append(string: $1) }
        if version >= 2 {
            writer.append(zigZag: incarnation)
        } else {
            writer.append(littleEndian: incarnation)
        }
        writer.append(zigZag: waitMilliseconds)
        writer.append(zigZag: Int64(byteCount))
        writer.append(list: parts) { writer, part in
            if version >= 2 {
                writer.append(short: part.bucket)
                writer.append(zigZag: Int64(part.leaderEpoch))
                writer.append(zigZag: part.offset)
                writer.append(zigZag: Int64(part.lastEpoch))
            } else {
                writer.append(part.bucket)
                writer.append(littleEndian: part.leaderEpoch)
                writer.append(littleEndian: part.offset)
                writer.append(littleEndian: part.lastEpoch)
            }
        }
    }

    fileprivate init(_ version: Int16, from reader: inout ByteReader) throws(ColumnarError) {
        replica = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readString()
        }
        incarnation = version >= 2 ? try reader.readZigZag() : try reader.readLittleEndian()
        waitMilliseconds = try reader.readZigZag()
        byteCount = try reader.readNumber()
        parts = try reader.readList { (reader) throws(ColumnarError) in
            if version >= 2 {
                return Part(
                    bucket: try reader.readShortBucket(), leaderEpoch: try reader.readInt32(),
                    offset: try reader.readZigZag(), lastEpoch: try reader.readInt32())
            }
            return Part(
                bucket: try reader.readBucket(), leaderEpoch: try reader.readLittleEndian(),
                offset: try reader.readLittleEndian(), lastEpoch: try reader.readLittleEndian())
        }
    }
}

extension FetchedBucket: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(bucket)
        writer.append(optional: error) { $1.encode(into: &$0) }
        writer.append(littleEndian: highWatermark)
        writer.append(lengthPrefixed: batches)
        writer.append(optional: divergence) {
            $0.append(littleEndian: $1.epoch)
            $0.append(littleEndian: $1.endOffset)
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        bucket = try reader.readBucket()
        error = try reader.readOptional { (reader) throws(ColumnarError) in
            try ClusterError(from: &reader)
        }
        highWatermark = try reader.readLittleEndian()
        batches = try reader.readLengthPrefixed()
        divergence = try reader.readOptional { (reader) throws(ColumnarError) in
            EpochEnd(
                epoch: try reader.readLittleEndian(), endOffset: try reader.readLittleEndian())
        }
    }
}

extension Response: WireCodable {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .failure(let error):
            writer.append(byte: 0)
            error.encode(into: &writer)
        case .tableCreated(let identifier):
            writer.append(byte: 1)
            writer.append(littleEndian: identifier)
        case .appended(let acknowledgement):
            writer.append(byte: 2)
            writer.append(littleEndian: acknowledgement.baseOffset)
            writer.append(littleEndian: acknowledgement.endOffset)
            writer.append(littleEndian: acknowledgement.leaderEpoch)
        case .fetched(let buckets):
            writer.append(byte: 3)
            writer.append(list: buckets) { $1.encode(into: &$0) }
        case .rows(let rows, let offset):
            writer.append(byte: 4)
            writer.append(list: rows) { writer, row in
                writer.append(optional: row) { $0.append(lengthPrefixed: $1) }
            }
            writer.append(littleEndian: offset)
        case .page(let page):
            writer.append(byte: 5)
            page.encode(into: &writer)
        case .offsets(let offsets):
            writer.append(byte: 6)
            writer.append(littleEndian: offsets.start)
            writer.append(littleEndian: offsets.highWatermark)
        case .done: writer.append(byte: 9)
        case .offset(let offset):
            writer.append(byte: 10)
            writer.append(littleEndian: offset)
        case .rowScan(let step):
            writer.append(byte: 11)
            writer.append(littleEndian: step.scan)
            step.page.encode(into: &writer)
        case .partitionCreated(let identifier):
            writer.append(byte: 12)
            writer.append(littleEndian: identifier)
        case .rebalanceBegun(let identifier):
            writer.append(byte: 20)
            writer.append(littleEndian: identifier)
        case .filtered(let buckets, let nextOffsets):
            writer.append(byte: 13)
            writer.append(list: buckets) { $1.encode(into: &$0) }
            writer.append(list: nextOffsets) { $0.append(littleEndian: $1) }
        case .apiVersions(let supported):
            writer.append(byte: 8)
            writer.append(list: supported) {
                $0.append(littleEndian: $1.key)
                $0.append(littleEndian: $1.oldest)
                $0.append(littleEndian: $1.newest)
            }
        case .nearest(let answer):
            writer.append(byte: 7)
            writer.append(list: answer.hits) {
                $0.append(lengthPrefixed: $1.key)
                $0.append(float: $1.distance)
                $0.append(littleEndian: $1.offset)
            }
            writer.append(littleEndian: answer.freshUpTo)
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        switch try reader.readByte() {
        case 0: self = .failure(try ClusterError(from: &reader))
        case 1: self = .tableCreated(try reader.readLittleEndian())
        case 2:
            self = .appended(
                Acknowledgement(
                    baseOffset: try reader.readLittleEndian(),
                    endOffset: try reader.readLittleEndian(),
                    leaderEpoch: try reader.readLittleEndian()))
        case 3:
            self = .fetched(
                try reader.readList { (reader) throws(ColumnarError) in
                    try FetchedBucket(from: &reader)
                })
        case 4:
            self = .rows(
                try reader.readList { (reader) throws(ColumnarError) in
                    try reader.readOptional { (reader) throws(ColumnarError) in
                        try reader.readLengthPrefixed()
                    }
                },
                offset: try reader.readLittleEndian())
        case 5: self = .page(try ScanPage(from: &reader))
        case 6:
            self = .offsets(
                LogOffsets(
                    start: try reader.readLittleEndian(),
                    highWatermark: try reader.readLittleEndian()))
        case 7:
            self = .nearest(
                VectorAnswer(
                    hits: try reader.readList { (reader) throws(ColumnarError) in
                        VectorHit(
                            key: try reader.readLengthPrefixed(),
                            distance: try reader.readFloat(),
                            offset: try reader.readLittleEndian())
                    },
                    freshUpTo: try reader.readLittleEndian()))
        case 8:
            self = .apiVersions(
                try reader.readList { (reader) throws(ColumnarError) in
                    SupportedAPI(
                        key: try reader.readLittleEndian(), oldest: try reader.readLittleEndian(),
                        newest: try reader.readLittleEndian())
                })
        case 9: self = .done
        case 10: self = .offset(try reader.readLittleEndian())
        case 11:
            self = .rowScan(
                RowScanPage(
                    scan: try reader.readLittleEndian(), page: try ScanPage(from: &reader)))
        case 12: self = .partitionCreated(try reader.readLittleEndian())
        case 20: self = .rebalanceBegun(try reader.readLittleEndian())
        case 13:
            let buckets = try reader.readList { (reader) throws(ColumnarError) in
                try FetchedBucket(from: &reader)
            }
            let nextOffsets = try reader.readList { (reader) throws(ColumnarError) in
                try reader.readLittleEndian(Int64.self)
            }
            self = try Self.filtered(buckets, nextOffsets, position)
        case let code:
            guard let short = try Self.short(code, from: &reader) else {
                throw .corrupt(reason: "no response \(code)", position: position)
            }
            self = short
        }
    }
}
