import KeyValue
import Platform

/// A scan of a bucket's rows as they were when it began, under a lease that each page renews.
final class RowScan {
    let view: KeyValueView
    let prefix: [UInt8]
    var expiresAt: Instant
    /// A page is being read: the scan does not expire under it.
    var isBusy = false

    init(_ view: KeyValueView, prefix: [UInt8], expiresAt: Instant) {
        self.view = view
        self.prefix = prefix
        self.expiresAt = expiresAt
    }
}
