import Changelog
import Columnar
import KeyValue
import Platform

extension Replica {
    /// Changes rows and waits until the change is acknowledged; lookups see it then.
    func upsert(_ request: UpsertRequest) async throws -> Acknowledgement {
        if !table.isPrimaryKeyTable {
            throw ClusterError.invalidRequest(reason: "\(bucket) is of a log table: append to it")
        }
        let leadership = try requireLeadership()
        for operation in request.operations
        where operation.bytes.count > ClusterConfiguration.rowByteCountLimit {
            throw ClusterError.tooLarge(
                "a row of \(table.name), \(bucket),", byteCount: operation.bytes.count,
                limit: ClusterConfiguration.rowByteCountLimit)
        }
        let operations = request.operations.map { operation -> RowOperation in
            operation.isDelete ? .delete(key: operation.bytes) : .upsert(row: operation.bytes)
        }
        return try await change(operations, request, in: leadership)
    }

    /// Puts changes of rows into the log and waits until they are acknowledged.
    func change(
        _ operations: [RowOperation], _ request: UpsertRequest, in leadership: Leadership
    ) async throws -> Acknowledgement {
        let appended = try await logGate.run {
            try requireInSync(leadership)
            guard let tablet = leadership.tablet else { throw ClusterError.recovering(bucket) }
            if let known = try duplicate(of: request) { return known }
            try adoptSchemas(tablet)
            try requireSchemas(of: operations, tablet)
            try await drawNumbers(operations.count, tablet, leadership)
            let prepared: KeyValueTablet.Prepared
            do {
                prepared = try await tablet.prepare(
                    operations, columns: try request.columns(in: tablet.schema),
                    writer: request.writer, sequence: request.sequence,
                    compression: table.properties.compression,
                    writesRows: mirror.format >= .compact,
                    statistics: table.properties.statisticsColumns(tablet.schema))
            } catch let error as KeyValueError {
                throw try translate(error)
            } catch let error as DiskError {
                throw translate(error)
            }
            try requireInSync(leadership)
            let appended = try append(prepared.batch, in: leadership)
            tablet.buffer(
                prepared, baseOffset: appended.baseOffset, endOffset: appended.endOffset)
            return appended
        }
        let acknowledgement = try await acknowledge(appended, in: leadership)
        leadership.tablet?.commit(upTo: highWatermark)
        return acknowledgement
    }

    /// Has a writer wait who has heard of a schema before this server.
    private func requireSchemas(
        of operations: [RowOperation], _ tablet: KeyValueTablet
    ) throws {
        for case .upsert(let row) in operations {
            guard let identifier = try? RowCodec.schemaIdentifier(of: row),
                identifier > tablet.schema.identifier
            else { continue }
            machine.observer.reached("rows of a schema that is not known here yet")
            throw ClusterError.busy(
                reason: "schema \(identifier) of table \(table.path) is not known here yet")
        }
    }

    /// Has the rows take over the schemas that the table was given meanwhile; the caller holds
    /// `logGate`.
    private func adoptSchemas(_ tablet: KeyValueTablet) throws {
        let table = self.table
        if table.schema.identifier == tablet.schema.identifier { return }
        do {
            let later = table.schemas.schemas.filter {
                $0.identifier > tablet.schema.identifier
            }
            // The properties speak of the newest columns: those between may have them elsewhere.
            try tablet.adopt(
                table.schema, after: Array(later.dropLast()),
                engine: table.properties.mergeEngine(table.schema))
            machine.observer.reached("rows adopted a later schema")
        } catch let error as KeyValueError {
            throw try translate(error)
        }
    }

    private func duplicate(of request: UpsertRequest) throws -> AppendedRange? {
        do {
            let known = try log.duplicate(
                writer: request.writer, sequence: request.sequence,
                commitTimestamp: machine.clock.timestamp)
            guard let known else { return nil }
            machine.observer.reached("duplicate batch recognized")
            return AppendedRange(
                baseOffset: known.baseOffset, endOffset: known.endOffset, isDuplicate: true)
        } catch {
            throw try translate(error)
        }
    }

    /// The committed rows of some keys and the offset that they reflect.
    func lookup(_ keys: [[UInt8]]) async throws -> ([[UInt8]?], Int64) {
        let (leadership, tablet) = try requireRows()
        let rows: [[UInt8]?]
        let offset = tablet.committedOffset
        do {
            rows = try await tablet.lookup(keys)
        } catch let error as KeyValueError {
            throw try translate(error)
        } catch let error as DiskError {
            throw translate(error)
        }
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        let byteCount = rows.reduce(0) { $0 + ($1?.count ?? 0) }
        if rows.count > 1 && byteCount > ClusterConfiguration.answerByteCountLimit {
            throw ClusterError.tooLarge(
                "the rows of a lookup in \(bucket)", byteCount: byteCount,
                limit: ClusterConfiguration.answerByteCountLimit)
        }
        return (rows, offset)
    }

    /// Some committed rows after a key, all as of one offset.
    func scan(
        prefix: [UInt8]? = nil, after key: [UInt8]?, limit: Int
    ) async throws -> ScanPage {
        let (leadership, tablet) = try requireRows()
        let limit = min(max(1, limit), 10_000_000)
        let byteCount = ClusterConfiguration.answerByteCountLimit
        let offset = tablet.committedOffset
        let rows: StoredRows
        do {
            if let prefix {
                rows = try await tablet.lookup(
                    prefix: prefix, after: key, limit: limit, byteCount: byteCount)
            } else {
                rows = try await tablet.store.scan(
                    from: key.map { $0 + [0] }, limit: limit, byteCount: byteCount)
            }
        } catch let error as KeyValueError {
            throw try translate(error)
        } catch let error as DiskError {
            throw translate(error)
        }
        if leadership.isEnded { throw ClusterError.notLeader(bucket) }
        return ScanPage(
            rows: rows, offset: offset,
            isLast: rows.count < limit && rows.byteCount < byteCount)
    }

    func requireRows() throws -> (Leadership, KeyValueTablet) {
        let leadership = try requireLeadership()
        guard let tablet = leadership.tablet else { throw ClusterError.recovering(bucket) }
        // Until the followers were heard, what a former leader acknowledged may not be counted yet:
        // an answer would be of the past.
        if highWatermark < leadership.startOffset { throw ClusterError.recovering(bucket) }
        // Who keeps the rows may be at a snapshot, which takes as long as the object store does.
        tablet.commit(upTo: highWatermark)
        return (leadership, tablet)
    }

    func translate(_ error: KeyValueError) throws -> ClusterError {
        if isRetired { return .unknownBucket(bucket) }
        switch error {
        case .invalidRequest(let reason): return .invalidRequest(reason: reason)
        case .tooLarge(let byteCount, let limit):
            return .tooLarge("a batch of \(bucket)", byteCount: byteCount, limit: limit)
        case .storageFull(let path): return .busy(reason: "no space is left for \(path)")
        case .damaged, .inconsistentChangelog, .storageFailed, .closed:
            // The rows are made of the changelog: another term makes them anew.
            machine.halt("rows of \(bucket): \(error)")
            throw Terminated()
        }
    }
}
