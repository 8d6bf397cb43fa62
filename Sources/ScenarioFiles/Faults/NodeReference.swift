public import Server

/// A node that is named by what it does when a fault begins.
public enum NodeReference: Sendable, Hashable, CustomStringConvertible {
    /// The server that leads a bucket.
    case leader(table: String, bucket: Int)
    /// A server that holds a bucket and does not lead it, the first of them by name.
    case follower(table: String, bucket: Int)
    /// The coordinator that the others wait for.
    case activeCoordinator

    /// Reads `leader of orders/0`, `follower of orders/0` or `active coordinator`.
    init?(_ text: String) {
        if text == "active coordinator" {
            self = .activeCoordinator
            return
        }
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 3, words[1] == "of", let place = BucketPlace(words[2]) else {
            return nil
        }
        switch words[0] {
        case "leader": self = .leader(table: place.table, bucket: place.bucket)
        case "follower": self = .follower(table: place.table, bucket: place.bucket)
        default: return nil
        }
    }

    /// What it will turn out to be.
    public var role: NodeRole {
        switch self {
        case .leader, .follower: .server
        case .activeCoordinator: .coordinator
        }
    }

    /// The bucket that it names; nil for none.
    var place: BucketPlace? {
        switch self {
        case .leader(let table, let bucket), .follower(let table, let bucket):
            BucketPlace(table: table, bucket: bucket)
        case .activeCoordinator: nil
        }
    }

    public var description: String {
        switch self {
        case .leader(let table, let bucket): "leader of \(table)/\(bucket)"
        case .follower(let table, let bucket): "follower of \(table)/\(bucket)"
        case .activeCoordinator: "active coordinator"
        }
    }
}

/// A bucket as files write it: `orders/0`.
struct BucketPlace: Sendable, Hashable {
    var table: String
    var bucket: Int
}

extension BucketPlace {
    init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), slash != text.startIndex,
            let bucket = Int(text[text.index(after: slash)...]), bucket >= 0
        else { return nil }
        self.init(table: String(text[..<slash]), bucket: bucket)
    }
}
