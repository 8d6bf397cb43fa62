import Columnar
public import Platform

/// Objects under one prefix that leaders of one bucket put there, each under a name that nobody
/// else uses and that says in which leader epoch it was made.
///
/// What is there belongs to whatever manifest the coordination service names, if that names it. The
/// account of what no manifest needs any more is kept here, so that objects are deleted once the
/// manifest that gave them up is the current one, and never before. Age alone never says that an
/// object is garbage: an upload may be under way, or a commit whose answer was lost.
public final class EpochObjects {
    private let machine: Machine
    private let prefix: String
    /// What no current or later manifest names.
    private var garbage: [String] = []
    /// What was named for manifests that are not known to have become the current one.
    private var undecided: [String] = []
    /// What was given up without having been named by any manifest, and when: its upload may be
    /// under way still, and land after the object was deleted.
    private var lapsed: [(key: String, at: Instant)] = []

    /// After so long what a request was to do has been done, or never will be.
    public static let landingTime = Duration.seconds(60)

    /// `folder` is the part of object keys that is this bucket's own, such as `remote-log/3/0`.
    public init(_ machine: Machine, folder: String) {
        self.machine = machine
        prefix = folder + "/"
    }

    /// A new name; its object is garbage once a manifest without it has become the current one.
    public func newKey(at offset: Int64, leaderEpoch: Int32, _ kind: String) -> String {
        let name = "\(zeroPadded(offset, digits: 20))-\(leaderEpoch)-\(machine.entropy.uuid())"
        let key = "\(prefix)\(name).\(kind)"
        undecided.append(key)
        return key
    }

    /// Notes that a manifest has become the current one, which needs `named` and not all of
    /// `former`, by a change of the coordination service that would have been refused if another
    /// manifest had become so.
    ///
    /// Whoever still tries to make another manifest the current one is refused from now on: the
    /// pointer that it was built on is not the last one any more. So what was `undecided` is not.
    public func settle(named: Set<String>, former: [String]) {
        give(up: former + undecided, except: named)
        let now = machine.clock.now
        lapsed += undecided.filter { !named.contains($0) }.map { ($0, now) }
        undecided = []
    }

    /// Notes what no current or later manifest names.
    public func give(up keys: [String], except named: Set<String>) {
        let known = Set(garbage)
        garbage += keys.filter { !named.contains($0) && !known.contains($0) }
    }

    /// Forgets what an earlier term left to be deleted: it is found again by `collectOrphans`.
    public func forget() {
        garbage = []
        undecided = []
        lapsed = []
    }

    /// Deletes what was given up, as long as `isWanted`; what cannot be deleted now is tried again
    /// the next time. Returns how many objects went; throws `ObjectStoreError`.
    @discardableResult
    public func collect(while isWanted: () -> Bool) async throws -> Int {
        var count = 0
        while let key = garbage.first, isWanted() {
            try await machine.objectStore.delete(key)
            garbage.removeAll { $0 == key }
            count += 1
        }
        return count
    }

    /// Deletes the objects of leaders before `epoch` that are not named, and once more what this
    /// term uploaded and gave up at least `landingTime` ago.
    ///
    /// What such a leader uploaded and did not get into a manifest never will be in one: its terms
    /// have passed, so its changes of the pointer are refused. `named` asks the coordination
    /// service, after the objects were listed and before the first is deleted, whether this term
    /// stands, and answers what is named then; nil, and nothing is deleted, if it does not stand.
    /// Returns how many objects went, nil if it does not stand; throws `ObjectStoreError` and what
    /// `named` throws.
    @discardableResult
    public func collectOrphans(
        before epoch: Int32, named: () async throws -> Set<String>?
    ) async throws -> Int? {
        var last: String?
        var count = 0
        while true {
            let page = try await machine.objectStore.list(
                prefix: prefix, after: last, limit: Self.pageSize)
            let earlier = page.map(\.key).filter { (Self.epoch(of: $0) ?? epoch) < epoch }
            if !earlier.isEmpty {
                guard let named = try await named() else { return nil }
                for key in earlier where !named.contains(key) {
                    try await machine.objectStore.delete(key)
                    count += 1
                }
            }
            guard page.count == Self.pageSize, let key = page.last?.key else { break }
            last = key
        }
        while let first = lapsed.first, machine.clock.now - first.at >= Self.landingTime {
            try await machine.objectStore.delete(first.key)
            lapsed.removeFirst()
        }
        return count
    }

    private static let pageSize = 1000

    /// The leader epoch in a key; nil for a key of another form.
    ///
    /// Tables of rows were once named without: they are older than all that bear an epoch.
    public static func epoch(of key: String) -> Int32? {
        let name = key.split(separator: "/").last ?? ""
        let parts = name.split(separator: "-", maxSplits: 2)
        if parts.count == 3, Int64(parts[0]) != nil { return Int32(parts[1]) }
        return parts.count == 2 && name.hasSuffix(".table") ? -1 : nil
    }
}
