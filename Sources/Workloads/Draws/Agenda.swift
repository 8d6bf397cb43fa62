/// What is to happen at which time, earliest first; in the order of their entry at one time.
struct Agenda<Happening> {
    private struct Entry {
        var at: Int64
        var sequence: Int
        var happening: Happening

        func precedes(_ other: Entry) -> Bool {
            at != other.at ? at < other.at : sequence < other.sequence
        }
    }

    private var entries: [Entry] = []
    private var sequence = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }
    var nextTime: Int64? { entries.first?.at }

    mutating func add(_ happening: Happening, at time: Int64) {
        sequence += 1
        entries.append(Entry(at: time, sequence: sequence, happening: happening))
        var place = entries.count - 1
        while place > 0, entries[place].precedes(entries[(place - 1) / 2]) {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Precondition: not empty.
    mutating func removeFirst() -> (at: Int64, Happening) {
        precondition(!entries.isEmpty, "nothing is to happen")
        let first = entries[0]
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return (first.at, first.happening)
    }

    private mutating func sink() {
        var place = 0
        while true {
            var child = place * 2 + 1
            if child >= entries.count { return }
            if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
            if !entries[child].precedes(entries[place]) { return }
            entries.swapAt(child, place)
            place = child
        }
    }
}
