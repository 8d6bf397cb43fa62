public import Columnar

extension LogBatch {
    /// No writer, or no sequence.
    public static let none: Int64 = -1

    /// A batch of rows of a log table; it has statistics of the columns at some positions.
    public static func appendOnly(
        _ records: RecordBatch, writer: Int64 = none, sequence: Int32 = -1,
        compression: Compression = .none, statistics: [Int] = []
    ) throws(ChangelogError) -> LogBatch {
        try make(
            records, changes: nil, writer: writer, sequence: sequence, compression, statistics)
    }

    /// A batch of the changes of a primary-key table.
    ///
    /// Precondition: there is one change type for each record, and none is `.append`.
    public static func changes(
        _ records: RecordBatch, _ changes: [ChangeType], writer: Int64 = none,
        sequence: Int32 = -1, compression: Compression = .none, statistics: [Int] = []
    ) throws(ChangelogError) -> LogBatch {
        precondition(changes.count == records.rowCount, "change types and records differ")
        precondition(!changes.contains(.append), "an append among changes")
        return try make(
            records, changes: changes, writer: writer, sequence: sequence, compression, statistics)
    }

    /// A batch without records: it takes one offset and one sequence and changes nothing.
    public static func empty(
        schemaIdentifier: Int16, writer: Int64 = none, sequence: Int32 = -1
    ) -> LogBatch {
        var bytes = header(
            schemaIdentifier, isAppendOnly: false, count: 0, writer: writer, sequence: sequence,
            capacity: 0)
        seal(&bytes)
        return LogBatch(trusted: bytes.bytes, at: 0, byteCount: bytes.count)
    }

    static func make(
        _ records: RecordBatch, changes: [ChangeType]?, writer: Int64, sequence: Int32,
        _ compression: Compression, _ statistics: [Int]
    ) throws(ChangelogError) -> LogBatch {
        precondition(writer < 0 || sequence >= 0, "a writer without a sequence")
        if records.rowCount == 0 {
            return empty(
                schemaIdentifier: records.schema.identifier, writer: writer, sequence: sequence)
        }
        let message = ArrowMessage.encode(records, compression: compression)
        let said =
            statistics.isEmpty ? [] : BatchStatistics(of: records, columns: statistics).encoded
        let start = header(
            records.schema.identifier, isAppendOnly: changes == nil, count: records.rowCount,
            writer: writer, sequence: sequence, capacity: message.count + (changes?.count ?? 0))
        return try assemble(start, statistics: said, changes, body: message)
    }

    /// A whole batch of its header and what follows.
    static func assemble(
        _ header: ByteWriter, statistics: [UInt8], _ changes: [ChangeType]?, body: [UInt8]
    ) throws(ChangelogError) -> LogBatch {
        var bytes = header
        bytes.replace(at: 52, littleEndian: Int32(statistics.count))
        bytes.append(statistics)
        if let changes {
            for change in changes { bytes.append(byte: change.rawValue) }
        }
        bytes.append(body)
        guard bytes.count <= byteCountLimit else {
            throw .batchTooLarge(byteCount: bytes.count, limit: byteCountLimit)
        }
        seal(&bytes)
        return LogBatch(trusted: bytes.bytes, at: 0, byteCount: bytes.count)
    }

    /// The batch with statistics of the columns at some positions, in place of any that it has.
    ///
    /// `schema` must be the one that it was written under. The checksum is made anew.
    public func withStatistics(
        _ schema: Schema, columns: [Int]
    ) throws(ChangelogError) -> LogBatch {
        if recordCount == 0 { return self }
        let records = try decodeRecords(schema).records
        let start = Self.header(
            schemaIdentifier, attributes: attributes, count: recordCount, writer: writer,
            sequence: sequence, capacity: byteCount)
        let rest = slice.dropFirst(Self.headerByteCount + statisticsByteCount)
        return try Self.assemble(
            start, statistics: BatchStatistics(of: records, columns: columns).encoded, nil,
            body: Array(rest))
    }

    private static func header(
        _ schemaIdentifier: Int16, isAppendOnly: Bool, count: Int, writer: Int64,
        sequence: Int32, capacity: Int
    ) -> ByteWriter {
        header(
            schemaIdentifier, attributes: isAppendOnly ? 1 : 0, count: count, writer: writer,
            sequence: sequence, capacity: capacity)
    }

    static func header(
        _ schemaIdentifier: Int16, attributes: UInt8, count: Int, writer: Int64, sequence: Int32,
        capacity: Int
    ) -> ByteWriter {
        precondition(count >= 0 && count <= Int(Int32.max), "\(count) records in a batch")
        var bytes = ByteWriter(capacity: headerByteCount + capacity)
        bytes.append(littleEndian: Int64(0))
        bytes.append(littleEndian: Int32(0))
        bytes.append(littleEndian: magic)
        bytes.append(littleEndian: Int64(0))
        bytes.append(littleEndian: Int32(0))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: schemaIdentifier)
        bytes.append(byte: attributes)
        bytes.append(littleEndian: Int32(max(0, count - 1)))
        bytes.append(littleEndian: writer)
        bytes.append(littleEndian: sequence)
        bytes.append(littleEndian: Int32(count))
        bytes.append(littleEndian: Int32(0))
        precondition(bytes.count == headerByteCount, "the header has another size")
        return bytes
    }

    /// Writes the length and the checksum into finished bytes.
    static func seal(_ bytes: inout ByteWriter) {
        bytes.replace(at: 8, littleEndian: Int32(bytes.count - 12))
        bytes.replace(at: 25, littleEndian: crc32c(bytes.bytes[checksumStart...]))
    }

    /// The records and what each does; `schema` must be the one the batch was written under.
    ///
    /// The checksum is not looked at again; `ChangelogError.invalidBatch` if the body is malformed.
    public func decodeRecords(
        _ schema: Schema
    ) throws(ChangelogError) -> (records: RecordBatch, changes: [ChangeType]) {
        guard schema.identifier == schemaIdentifier else {
            throw .invalidBatch(
                reason: "the batch at \(baseOffset) is of schema \(schemaIdentifier), "
                    + "not \(schema.identifier)")
        }
        let changes = try decodeChangeTypes()
        if recordCount == 0 {
            return (RecordBatchBuilder(schema: schema).emptied, [])
        }
        if holdsRows { return (try decodeRows(schema), changes) }
        let records: RecordBatch
        do {
            records = try ArrowMessage.decode(
                storage, range: bodyRange, schema: schema)
        } catch {
            throw .invalidBatch(reason: "the records of the batch at \(baseOffset): \(error)")
        }
        guard records.rowCount == recordCount else {
            throw .invalidBatch(
                reason: "\(records.rowCount) records in the batch at \(baseOffset), whose header "
                    + "says \(recordCount)")
        }
        return (records, changes)
    }

    /// What each record does, without its values.
    public func decodeChangeTypes() throws(ChangelogError) -> [ChangeType] {
        let count = recordCount
        if isAppendOnly { return [ChangeType](repeating: .append, count: count) }
        var changes: [ChangeType] = []
        changes.reserveCapacity(count)
        let first = start + Self.headerByteCount + statisticsByteCount
        for position in first..<first + count {
            guard let change = ChangeType(rawValue: storage[position]) else {
                throw .invalidBatch(
                    reason: "change type \(storage[position]) in the batch at \(baseOffset)")
            }
            changes.append(change)
        }
        return changes
    }

    /// The batch with only some columns, in this order; Arrow buffers are not decompressed.
    ///
    /// It gets a checksum of its own, after that of the whole batch was verified: a projection
    /// never passes damage on. Its schema identifier stays that of the whole batch.
    public func project(_ schema: Schema, columns: [Int]) throws(ChangelogError) -> LogBatch {
        try verifyChecksum()
        if recordCount == 0 { return self }
        let message: [UInt8]
        do throws(ColumnarError) {
            message =
                holdsRows
                ? try projectRows(schema, columns: columns)
                : try ArrowMessage.project(
                    storage, range: bodyRange, schema: schema, columns: columns)
        } catch {
            throw .invalidBatch(reason: "the records of the batch at \(baseOffset): \(error)")
        }
        var bytes = ByteWriter(capacity: bodyRange.lowerBound - start + message.count)
        bytes.append(storage[start..<bodyRange.lowerBound])
        bytes.append(message)
        Self.seal(&bytes)
        return LogBatch(trusted: bytes.bytes, at: 0, byteCount: bytes.count)
    }

    /// Where in `storage` the Arrow message or the rows stand.
    var bodyRange: Range<Int> {
        let first =
            start + Self.headerByteCount + statisticsByteCount + (isAppendOnly ? 0 : recordCount)
        return first..<start + byteCount
    }
}

extension RecordBatchBuilder {
    /// A batch without rows.
    fileprivate var emptied: RecordBatch {
        var builder = self
        return builder.finish()
    }
}
