import Columnar
import Vectors

extension Request {
    var key: APIKey {
        switch self {
        case .apiVersions: .apiVersions
        case .createTable: .createTable
        case .alterTable: .alterTable
        case .prefixLookup: .prefixLookup
        case .produce: .produceLog
        case .upsert: .putKeyValue
        case .fetch: .fetchLog
        case .lookup: .lookup
        case .scan: .limitScan
        case .offsets: .listOffsets
        case .search: .searchVectors
        }
    }

    /// The oldest version of the call that can say this.
    var oldestVersion: Int16 {
        if case .upsert(let request) = self, request.columns != nil { return 1 }
        return 0
    }

    /// What follows the call's key and version in its frame.
    ///
    /// Precondition: the version can say it.
    func encodeBody(_ version: Int16, into writer: inout ByteWriter) {
        precondition(version >= oldestVersion, "\(key) of version \(version) cannot say this")
        switch self {
        case .apiVersions: break
        case .createTable(let table): table.encode(into: &writer)
        case .alterTable(let path, let schema, let changes):
            writer.append(path)
            writer.append(littleEndian: schema)
            writer.append(list: changes) { $1.encode(into: &$0) }
        case .prefixLookup(let bucket, let prefix, let after, let limit):
            writer.append(bucket)
            writer.append(lengthPrefixed: prefix)
            writer.append(optional: after) { $0.append(lengthPrefixed: $1) }
            writer.append(zigZag: Int64(limit))
        case .produce(let request):
            writer.append(request.bucket)
            writer.append(lengthPrefixed: request.batch)
        case .upsert(let request):
            writer.append(request.bucket)
            writer.append(littleEndian: request.writer)
            writer.append(littleEndian: request.sequence)
            writer.append(list: request.operations) {
                $0.append(byte: $1.isDelete ? 1 : 0)
                $0.append(lengthPrefixed: $1.bytes)
            }
            if version >= 1 {
                writer.append(optional: request.columns) { writer, columns in
                    writer.append(list: columns) { $0.append(littleEndian: $1) }
                }
            }
        case .fetch(let request): request.encode(into: &writer)
        case .lookup(let bucket, let keys):
            writer.append(bucket)
            writer.append(list: keys) { $0.append(lengthPrefixed: $1) }
        case .scan(let bucket, let after, let limit):
            writer.append(bucket)
            writer.append(optional: after) { $0.append(lengthPrefixed: $1) }
            writer.append(zigZag: Int64(limit))
        case .offsets(let bucket): writer.append(bucket)
        case .search(let bucket, let query, let limit):
            writer.append(bucket)
            writer.append(list: query) { $0.append(float: $1) }
            writer.append(zigZag: Int64(limit))
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
        case .createTable: return .createTable(try TableDescription(from: &reader))
        case .alterTable:
            return .alterTable(
                try reader.readPath(), schema: try reader.readLittleEndian(),
                try reader.readList { (reader) throws(ColumnarError) in
                    try TableChange(from: &reader)
                })
        case .prefixLookup:
            return .prefixLookup(
                try reader.readBucket(), prefix: try reader.readLengthPrefixed(),
                after: try reader.readOptional { (reader) throws(ColumnarError) in
                    try reader.readLengthPrefixed()
                }, limit: try reader.readNumber())
        case .produceLog:
            return .produce(
                ProduceRequest(
                    bucket: try reader.readBucket(), batch: try reader.readLengthPrefixed()))
        case .putKeyValue:
            return .upsert(
                UpsertRequest(
                    bucket: try reader.readBucket(), writer: try reader.readLittleEndian(),
                    sequence: try reader.readLittleEndian(),
                    operations: try reader.readList { (reader) throws(ColumnarError) in
                        UpsertRequest.Operation(
                            isDelete: try reader.readByte() != 0,
                            bytes: try reader.readLengthPrefixed())
                    }, columns: version < 1 ? nil : try columns(&reader)))
        case .fetchLog: return .fetch(try FetchRequest(from: &reader))
        case .lookup:
            return .lookup(
                try reader.readBucket(),
                keys: try reader.readList { (reader) throws(ColumnarError) in
                    try reader.readLengthPrefixed()
                })
        case .limitScan:
            return .scan(
                try reader.readBucket(),
                after: try reader.readOptional { (reader) throws(ColumnarError) in
                    try reader.readLengthPrefixed()
                },
                limit: try reader.readNumber())
        case .listOffsets: return .offsets(try reader.readBucket())
        case .searchVectors:
            return .search(
                try reader.readBucket(),
                query: try reader.readList { (reader) throws(ColumnarError) in
                    try reader.readFloat()
                },
                limit: try reader.readNumber())
        }
    }
}

extension Request {
    private static func columns(_ reader: inout ByteReader) throws(ColumnarError) -> [Int32]? {
        try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readList { (reader) throws(ColumnarError) in
                try reader.readLittleEndian(Int32.self)
            }
        }
    }
}

extension FetchRequest: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(optional: replica) { $0.append(string: $1) }
        writer.append(littleEndian: incarnation)
        writer.append(zigZag: waitMilliseconds)
        writer.append(zigZag: Int64(byteCount))
        writer.append(list: parts) {
            $0.append($1.bucket)
            $0.append(littleEndian: $1.leaderEpoch)
            $0.append(littleEndian: $1.offset)
            $0.append(littleEndian: $1.lastEpoch)
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        replica = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readString()
        }
        incarnation = try reader.readLittleEndian()
        waitMilliseconds = try reader.readZigZag()
        byteCount = try reader.readNumber()
        parts = try reader.readList { (reader) throws(ColumnarError) in
            Part(
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
            writer.append(list: page.keys) { $0.append(lengthPrefixed: $1) }
            writer.append(list: page.rows) { $0.append(lengthPrefixed: $1) }
            writer.append(littleEndian: page.offset)
            writer.append(byte: page.isLast ? 1 : 0)
        case .offsets(let offsets):
            writer.append(byte: 6)
            writer.append(littleEndian: offsets.start)
            writer.append(littleEndian: offsets.highWatermark)
        case .done: writer.append(byte: 9)
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
        case 5:
            let bytes = { (reader: inout ByteReader) throws(ColumnarError) -> [UInt8] in
                try reader.readLengthPrefixed()
            }
            let page = ScanPage(
                keys: try reader.readList(bytes), rows: try reader.readList(bytes),
                offset: try reader.readLittleEndian(), isLast: try reader.readByte() != 0)
            if page.keys.count != page.rows.count {
                throw .corrupt(reason: "keys and rows differ in number", position: position)
            }
            self = .page(page)
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
        case let code: throw .corrupt(reason: "no response \(code)", position: position)
        }
    }
}

extension ClusterError: WireCodable {
    /// A code, then bucket, two numbers and a text, of which each case uses what it needs.
    func encode(into writer: inout ByteWriter) {
        var fields = Fields()
        switch self {
        case .notLeader(let bucket): fields = Fields(code: 0, bucket: bucket)
        case .unknownBucket(let bucket): fields = Fields(code: 1, bucket: bucket)
        case .fencedEpoch(let bucket, let epoch):
            fields = Fields(code: 2, bucket: bucket, numbers: [Int64(epoch)])
        case .notEnoughReplicas(let bucket, let inSync, let needed):
            fields = Fields(code: 3, bucket: bucket, numbers: [Int64(inSync), Int64(needed)])
        case .recovering(let bucket): fields = Fields(code: 4, bucket: bucket)
        case .busy(let reason): fields = Fields(code: 5, text: reason)
        case .timedOut(let what): fields = Fields(code: 6, text: what)
        case .offsetOutOfRange(let bucket, let offset, let start, let end):
            fields = Fields(code: 7, bucket: bucket, numbers: [offset, start, end])
        case .outOfOrderSequence(let bucket, let writer, let sequence):
            fields = Fields(code: 8, bucket: bucket, numbers: [writer, Int64(sequence)])
        case .invalidRequest(let reason): fields = Fields(code: 9, text: reason)
        case .tableExists(let name): fields = Fields(code: 10, text: name)
        case .unknownTable(let name): fields = Fields(code: 11, text: name)
        case .damaged(let bucket, let detail):
            fields = Fields(code: 12, bucket: bucket, text: detail)
        case .malformedMessage(let reason): fields = Fields(code: 13, text: reason)
        case .unsupportedAPI(let key, let version, let oldest, let newest):
            fields = Fields(code: 14, numbers: [key, version, oldest, newest].map(Int64.init))
        case .unsupportedFormat(let what, let version, let newest):
            fields = Fields(code: 15, numbers: [version, newest].map(Int64.init), text: what)
        case .unknownWriter(let bucket, let writer):
            fields = Fields(code: 16, bucket: bucket, numbers: [writer])
        case .tooLarge(let what, let byteCount, let limit):
            fields = Fields(code: 17, numbers: [Int64(byteCount), Int64(limit)], text: what)
        }
        fields.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        let fields = try Fields(from: &reader)
        let numbers = fields.numbers + [0, 0, 0, 0]
        let shorts = numbers.map { Int16(truncatingIfNeeded: $0) }
        switch fields.code {
        case 0: self = .notLeader(fields.bucket)
        case 1: self = .unknownBucket(fields.bucket)
        case 2:
            self = .fencedEpoch(fields.bucket, epoch: Int32(truncatingIfNeeded: numbers[0]))
        case 3:
            self = .notEnoughReplicas(
                fields.bucket, inSync: Int(numbers[0]), needed: Int(numbers[1]))
        case 4: self = .recovering(fields.bucket)
        case 5: self = .busy(reason: fields.text)
        case 6: self = .timedOut(fields.text)
        case 7:
            self = .offsetOutOfRange(
                fields.bucket, offset: numbers[0], start: numbers[1], end: numbers[2])
        case 8:
            self = .outOfOrderSequence(
                fields.bucket, writer: numbers[0], sequence: Int32(truncatingIfNeeded: numbers[1]))
        case 9: self = .invalidRequest(reason: fields.text)
        case 10: self = .tableExists(name: fields.text)
        case 11: self = .unknownTable(name: fields.text)
        case 12: self = .damaged(fields.bucket, detail: fields.text)
        case 13: self = .malformedMessage(reason: fields.text)
        case 14:
            self = .unsupportedAPI(
                key: shorts[0], version: shorts[1], oldest: shorts[2], newest: shorts[3])
        case 15:
            self = .unsupportedFormat(fields.text, version: shorts[0], newest: shorts[1])
        case 16: self = .unknownWriter(fields.bucket, writer: numbers[0])
        case 17:
            self = .tooLarge(
                fields.text, byteCount: Int(clamping: numbers[0]), limit: Int(clamping: numbers[1]))
        default: throw .corrupt(reason: "no error \(fields.code)", position: position)
        }
    }

    private struct Fields {
        var code: UInt8 = 0
        var bucket = BucketIdentifier(table: 0, bucket: 0)
        var numbers: [Int64] = []
        var text = ""

        init(
            code: UInt8 = 0, bucket: BucketIdentifier = BucketIdentifier(table: 0, bucket: 0),
            numbers: [Int64] = [], text: String = ""
        ) {
            self.code = code
            self.bucket = bucket
            self.numbers = numbers
            self.text = text
        }

        func encode(into writer: inout ByteWriter) {
            writer.append(byte: code)
            writer.append(bucket)
            writer.append(list: numbers) { $0.append(zigZag: $1) }
            writer.append(string: text)
        }

        init(from reader: inout ByteReader) throws(ColumnarError) {
            code = try reader.readByte()
            bucket = try reader.readBucket()
            numbers = try reader.readList { (reader) throws(ColumnarError) in
                try reader.readZigZag()
            }
            text = try reader.readString()
        }
    }
}
