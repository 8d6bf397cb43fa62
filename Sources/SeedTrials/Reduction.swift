/// The fewest of some things with which something still fails, found by leaving out ever smaller
/// parts of them (delta debugging, Zeller and Hildebrandt 2002).
///
/// None of what is left can be left out alone. Give the faults of a run, and a closure that makes
/// the run with those it is given.
///
/// - Precondition: It fails with all of them.
/// - Complexity: From log n runs, where one thing is to blame, to n² of them.
public func smallest<Thing>(
    _ things: [Thing], with stillFails: ([Thing]) -> Bool
) -> [Thing] {
    var left = things
    var partCount = 2
    while left.count > 1 {
        let size = (left.count + partCount - 1) / partCount
        var isSmaller = false
        for start in stride(from: 0, to: left.count, by: size) {
            let end = min(left.count, start + size)
            let rest = Array(left[..<start] + left[end...])
            if stillFails(rest) {
                left = rest
                partCount = max(2, partCount - 1)
                isSmaller = true
                break
            }
        }
        if isSmaller { continue }
        if partCount >= left.count { break }
        partCount = min(left.count, partCount * 2)
    }
    if left.count == 1 && stillFails([]) { return [] }
    return left
}
