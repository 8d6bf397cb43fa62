/// A part of an index that takes no more points: what an object in the store holds.
///
/// Its bytes never change. Which of its points are deleted stands beside them, in the manifest.
public final class VectorSegment {
    /// The key of the segment's object.
    public private(set) var object: String
    let points: PointGraph
    /// The points by key, and by number where keys are equal.
    let order: [Int32]

    init(object: String, _ points: PointGraph) {
        self.object = object
        self.points = points
        points.sortAttributes()
        order = (0..<Int32(points.count)).sorted { left, right in
            VectorSegment.precedes(points, left, right)
        }
    }

    /// Precondition: `order` is strictly ascending by `precedes`.
    init(object: String, _ points: PointGraph, order: [Int32]) {
        precondition(order.count == points.count)
        self.object = object
        self.points = points
        self.order = order
    }

    /// Gives a segment that no manifest names another object's key.
    func rename(_ object: String) { self.object = object }

    /// How many points the segment has, deleted ones included.
    public var pointCount: Int { points.count }
    public var liveCount: Int { points.liveCount }

    /// The live point of a key.
    func find(_ key: [UInt8]) -> Int32? {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if key.lexicographicallyPrecedes(points.keys[Int(order[middle])]) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        // The newest point of a key stands last, and only it can be live.
        guard low > 0 else { return nil }
        let point = order[low - 1]
        return points.keys[Int(point)] == key && points.isLive(point) ? point : nil
    }

    static func precedes(_ points: PointGraph, _ left: Int32, _ right: Int32) -> Bool {
        let leftKey = points.keys[Int(left)]
        let rightKey = points.keys[Int(right)]
        return leftKey == rightKey ? left < right : leftKey.lexicographicallyPrecedes(rightKey)
    }
}
