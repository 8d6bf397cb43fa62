import Changelog
import Cluster
import Columnar
import Platform

extension Gateway {
    func limitScan(_ request: LimitScanRequest) async throws -> LimitScanResponse {
        var response = LimitScanResponse()
        do {
            let table = try table(request.tableID)
            let bucket = try bucket(request.bucketID, request.partitionID, of: table)
            guard (1...Int32(10_000)).contains(request.limit) else {
                throw FlussError.refused(
                    .invalidScanRequest, reason: "a limit of \(request.limit), not 1 to 10,000")
            }
            response.isLogTable = !table.isPrimaryKeyTable
            if table.isPrimaryKeyTable {
                let scanned = try await client.scan(bucket, after: nil, limit: Int(request.limit))
                response.records = ValueBatch.encode(scanned.rows.map(\.row))
            } else {
                let newest = try await client.newestBatches(of: bucket, limit: Int(request.limit))
                var writer = ByteWriter()
                for batch in newest.batches {
                    WireLogBatch.encode(try batch.inArrow(of: table).bytes, to: &writer)
                }
                response.records = writer.bytes
            }
        } catch {
            let error = try wireError(error)
            response = LimitScanResponse()
            response.errorCode = error.code.rawValue
            response.errorMessage = "\(error)"
        }
        return response
    }

    /// Pages of a bucket's rows as they were at one moment.
    ///
    /// A scan is its opener's: to anybody else it is not there.
    func scanKeyValue(
        _ request: ScanKeyValueRequest, _ caller: Caller
    ) async throws -> ScanKeyValueResponse {
        var response = ScanKeyValueResponse()
        do {
            let key: [UInt8]
            if let known = request.scannerID {
                key = known
            } else {
                guard let wanted = request.bucket else {
                    throw FlussError.refused(
                        .invalidScanRequest, reason: "neither a scan nor a bucket is named")
                }
                let table = try keyTable(wanted.tableID)
                try access.check(caller, .read, on: .table(table.path))
                let bucket = try bucket(wanted.bucketID, wanted.partitionID, of: table)
                key = open(SnapshotScan(client, bucket), for: caller, limit: wanted.limit)
            }
            guard let open = scans[key], open.owner == caller.principal else {
                throw FlussError.refused(
                    .invalidScanRequest, reason: "the scan has ended or expired: begin it anew")
            }
            response.scannerID = key
            if request.closesScanner == true {
                scans[key] = nil
                try await open.scan.end()
                response.hasMore = false
                return response
            }
            open.usedAt = machine.clock.now
            var page = try await open.scan.next() ?? []
            if let left = open.rowsLeft {
                page = Array(page.prefix(Int(clamping: left)))
                open.rowsLeft = left - Int64(page.count)
            }
            if request.scannerID == nil { response.logOffset = open.scan.offset }
            response.hasMore = !open.scan.isDone && open.rowsLeft != 0
            if response.hasMore == false {
                scans[key] = nil
                try await open.scan.end()
            }
            if !page.isEmpty { response.records = ValueBatch.encode(page.map(\.row)) }
        } catch {
            let error = try wireError(error)
            response = ScanKeyValueResponse()
            response.errorCode = error.code.rawValue
            response.errorMessage = "\(error)"
        }
        return response
    }

    private func open(_ scan: SnapshotScan, for caller: Caller, limit: Int64?) -> [UInt8] {
        let now = machine.clock.now
        // The leader has let go of what nobody asked for in a lease.
        scans = scans.filter { now - $0.value.usedAt < .seconds(120) }
        let key = Array(machine.entropy.uuid().utf8)
        scans[key] = OpenScan(
            scan, caller.principal, rowsLeft: limit.map { max(0, $0) }, usedAt: now)
        return key
    }
}

/// A scan that a client of the protocol has under way.
final class OpenScan {
    let scan: SnapshotScan
    let owner: Principal
    /// Rows that the client still wants, nil for all.
    var rowsLeft: Int64?
    var usedAt: Instant

    init(_ scan: SnapshotScan, _ owner: Principal, rowsLeft: Int64?, usedAt: Instant) {
        self.scan = scan
        self.owner = owner
        self.rowsLeft = rowsLeft
        self.usedAt = usedAt
    }
}
