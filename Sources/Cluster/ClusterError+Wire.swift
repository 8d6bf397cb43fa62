import Columnar

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
        case .databaseExists(let name): fields = Fields(code: 18, text: name)
        case .unknownDatabase(let name): fields = Fields(code: 19, text: name)
        case .databaseNotEmpty(let name): fields = Fields(code: 20, text: name)
        case .partitionExists(let name): fields = Fields(code: 21, text: name)
        case .unknownPartition(let name): fields = Fields(code: 22, text: name)
        case .scanExpired(let bucket): fields = Fields(code: 23, bucket: bucket)
        case .unknownRebalance(let identifier):
            fields = Fields(code: 24, numbers: identifier.map { [$0] } ?? [])
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
        case 18: self = .databaseExists(name: fields.text)
        case 19: self = .unknownDatabase(name: fields.text)
        case 20: self = .databaseNotEmpty(name: fields.text)
        case 21: self = .partitionExists(name: fields.text)
        case 22: self = .unknownPartition(name: fields.text)
        case 23: self = .scanExpired(fields.bucket)
        case 24: self = .unknownRebalance(identifier: fields.numbers.first)
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
