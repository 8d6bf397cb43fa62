import Columnar

/// Changes to rows as a client sends them.
///
///      0  Length            i32   little endian, as all of it; bytes after this field
///      4  Magic             i8    0
///      5  CRC               u32   CRC-32C of all that follows
///      9  SchemaId          i16
///     11  Attributes        i8
///     12  WriterId          i64   -1: none
///     20  BatchSequence     i32   -1: none
///     24  RecordCount       i32
///     28  records           Length i32, key length as a varint, key, row; no row: a deletion
struct KeyValueBatch: Hashable {
    static let headerByteCount = 28

    struct Record: Hashable {
        var key: [UInt8]
        /// Nil for a deletion.
        var row: [UInt8]?
    }

    var schemaIdentifier: Int16
    var writer: Int64
    var sequence: Int32
    var records: [Record]

    init(schemaIdentifier: Int16, writer: Int64, sequence: Int32, records: [Record]) {
        self.schemaIdentifier = schemaIdentifier
        self.writer = writer
        self.sequence = sequence
        self.records = records
    }

    init(decoding bytes: [UInt8]) throws(FlussError) {
        var reader = ByteReader(bytes)
        do throws(ColumnarError) {
            let length = try reader.readLittleEndian(Int32.self)
            guard Int(length) == bytes.count - 4 else {
                throw .corrupt(
                    reason: "a batch of \(Int(length) + 4) bytes in \(bytes.count)", position: 0)
            }
            let magic = try reader.readByte()
            guard magic == 0 else {
                throw .corrupt(reason: "batches of magic \(magic), not 0", position: 4)
            }
            let checksum = try reader.readLittleEndian(UInt32.self)
            guard checksum == crc32c(bytes[9...]) else {
                throw .corrupt(reason: "the checksum of the batch does not match", position: 5)
            }
            schemaIdentifier = try reader.readLittleEndian()
            try reader.skip(1)
            writer = try reader.readLittleEndian()
            sequence = try reader.readLittleEndian()
            let count = try reader.readLittleEndian(Int32.self)
            guard count >= 0, Int(count) <= reader.remaining / 5 else {
                throw .corrupt(
                    reason: "\(count) records in \(reader.remaining) bytes", position: 24)
            }
            records = []
            records.reserveCapacity(Int(count))
            for _ in 0..<count { records.append(try Self.record(&reader)) }
            guard reader.isAtEnd else {
                throw .corrupt(
                    reason: "\(reader.remaining) bytes follow the records",
                    position: reader.position)
            }
        } catch {
            throw .refused(.corruptRecord, reason: "\(error)")
        }
    }

    private static func record(_ reader: inout ByteReader) throws(ColumnarError) -> Record {
        let length = try reader.readLittleEndian(Int32.self)
        var record = try reader.subreader(Int(length))
        let key = try record.readLengthPrefixed()
        return Record(key: key, row: record.isAtEnd ? nil : try record.readBytes(record.remaining))
    }

    var encoded: [UInt8] {
        var checked = ByteWriter()
        checked.append(littleEndian: schemaIdentifier)
        checked.append(byte: 0)
        checked.append(littleEndian: writer)
        checked.append(littleEndian: sequence)
        checked.append(littleEndian: Int32(records.count))
        for record in records {
            var bytes = ByteWriter()
            bytes.append(lengthPrefixed: record.key)
            bytes.append(record.row ?? [])
            checked.append(littleEndian: Int32(bytes.count))
            checked.append(bytes.bytes)
        }
        var writer = ByteWriter(capacity: 9 + checked.count)
        writer.append(littleEndian: Int32(5 + checked.count))
        writer.append(byte: 0)
        writer.append(littleEndian: crc32c(checked.bytes))
        writer.append(checked.bytes)
        return writer.bytes
    }
}

/// Rows as an answer to a limited scan has them.
///
/// Little endian: Length i32 (bytes after this field), Magic i8 (0), Count i32, then each row with
/// its byte count i32 and its schema identifier in front.
enum ValueBatch {
    static func encode(_ rows: [[UInt8]]) -> [UInt8] {
        var body = ByteWriter()
        body.append(byte: 0)
        body.append(littleEndian: Int32(rows.count))
        for row in rows {
            body.append(littleEndian: Int32(row.count))
            body.append(row)
        }
        var writer = ByteWriter(capacity: 4 + body.count)
        writer.append(littleEndian: Int32(body.count))
        writer.append(body.bytes)
        return writer.bytes
    }
}
