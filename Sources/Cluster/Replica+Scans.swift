import KeyValue
import Platform

/// Scans of many pages that all show one moment.
extension Replica {
    /// Begins a scan, answers its next page, or ends it.
    ///
    /// `.scanExpired` for a scan that this term does not know: it ended, expired, or is another
    /// leader's.
    func scanRows(_ request: RowScanRequest) async throws -> RowScanPage {
        let (leadership, tablet) = try requireRows()
        let number: Int64
        let scan: RowScan
        if let known = request.scan {
            guard let found = leadership.scans[known], !found.isBusy else {
                throw ClusterError.scanExpired(bucket)
            }
            (number, scan) = (known, found)
        } else {
            (number, scan) = try begin(request, tablet, leadership)
        }
        if request.limit <= 0 {
            end(number, tablet, leadership)
            return RowScanPage(
                scan: number,
                page: ScanPage(
                    rows: StoredRows(), offset: scan.view.appliedOffset, isLast: true))
        }
        let limit = min(request.limit, 10_000_000)
        let byteCount = ClusterConfiguration.answerByteCountLimit
        scan.isBusy = true
        defer {
            scan.isBusy = false
            scan.expiresAt = machine.clock.now + configuration.scanLease
        }
        let rows: StoredRows
        do {
            rows = try await scan.view.scan(
                prefix: scan.prefix, after: request.after, limit: limit, byteCount: byteCount)
        } catch let error as KeyValueError {
            if leadership.isEnded { throw ClusterError.scanExpired(bucket) }
            throw try translate(error)
        } catch let error as DiskError {
            throw translate(error)
        }
        if leadership.isEnded { throw ClusterError.scanExpired(bucket) }
        return RowScanPage(
            scan: number,
            page: ScanPage(
                rows: rows, offset: scan.view.appliedOffset,
                isLast: rows.count < limit && rows.byteCount < byteCount))
    }

    /// The most scans that one bucket keeps open.
    private static let scanLimit = 64

    private func begin(
        _ request: RowScanRequest, _ tablet: KeyValueTablet, _ leadership: Leadership
    ) throws -> (Int64, RowScan) {
        if leadership.scans.count >= Self.scanLimit {
            throw ClusterError.busy(reason: "\(bucket) has \(Self.scanLimit) scans under way")
        }
        let view: KeyValueView
        do { view = try tablet.store.view() } catch let error as KeyValueError {
            throw try translate(error)
        }
        leadership.scanCount += 1
        let number = Int64(leadership.epoch) << 32 | leadership.scanCount
        let scan = RowScan(
            view, prefix: request.prefix,
            expiresAt: machine.clock.now + configuration.scanLease)
        leadership.scans[number] = scan
        machine.spawn("lease of a scan of \(bucket)") {
            while leadership.scans[number] != nil {
                if !scan.isBusy && scan.expiresAt <= self.machine.clock.now {
                    self.machine.observer.reached("scan of rows expired")
                    self.end(number, tablet, leadership)
                    return
                }
                try await self.machine.sleep(until: scan.expiresAt + .milliseconds(1))
            }
        }
        return (number, scan)
    }

    /// Ends a scan, if it is there still.
    private func end(_ number: Int64, _ tablet: KeyValueTablet, _ leadership: Leadership) {
        guard let scan = leadership.scans.removeValue(forKey: number) else { return }
        tablet.store.close(scan.view)
    }
}
