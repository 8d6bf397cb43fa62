import Columnar
import Platform
import Testing

@testable import Cluster

@Suite("Principals, resources, and who may do what")
struct AccessRulesTests {
    @Test(
        "What an operation implies",
        arguments: [
            (AccessOperation.all, AccessOperation.drop, true), (.read, .describe, true),
            (.describe, .read, false), (.write, .read, false), (.write, .all, false),
        ])
    func implication(given: AccessOperation, asked: AccessOperation, isImplied: Bool) {
        #expect(given.implies(asked) == isImplied)
    }

    @Test("An entry counts for its principal, its host and everything below its resource")
    func entries() {
        let alice = Caller(.user("alice"), host: "10.0.0.1")
        let entry = AccessEntry(.user("alice"), .read, host: "10.0.0.1")
        #expect(entry.allows(alice, .read) && entry.allows(alice, .describe))
        #expect(!entry.allows(Caller(.user("alice"), host: "10.0.0.2"), .read))
        #expect(!entry.allows(Caller(.user("bob"), host: "10.0.0.1"), .read))
        #expect(!entry.allows(Caller(Principal(type: "Role", name: "alice"), host: ""), .read))
        #expect(AccessEntry(.everyone, .all).allows(alice, .drop))
        let orders = AccessResource.table(TablePath(database: "shop", table: "orders"))
        #expect(
            orders.covering == [
                orders, AccessResource(.table, "*"), .database("shop"), .cluster,
            ])
        #expect(orders.governing == .database("shop"))
        #expect(AccessResource(.table, "*").governing == .cluster)
    }

    @Test("Resources are read and written as paths")
    func paths() {
        for text in ["cluster", "cluster.shop", "cluster.shop.orders", "cluster.*", "cluster.*.*"] {
            #expect(AccessResource(path: text)?.description == text)
        }
        for text in ["", "shop", "cluster.", "cluster.a.b.c", "cluster.a/b", "cluster..b"] {
            #expect(AccessResource(path: text) == nil, "\(text)")
        }
        #expect(Principal("User:alice") == .user("alice"))
        for text in ["alice", ":alice", "User:"] { #expect(Principal(text) == nil) }
    }

    @Test("Lists are stored in order and read again; an operation that nobody knows is damage")
    func stored() throws {
        let list = AccessList([
            AccessEntry(.user("bob"), .write), AccessEntry(.user("alice"), .read, host: "::1"),
            AccessEntry(.user("bob"), .write),
        ])
        #expect(list.entries.map(\.principal.name) == ["alice", "bob"])
        var bytes = list.stored(in: .newest)
        #expect(try AccessList(stored: bytes, supported: .newest) == list)
        bytes[bytes.count - 8] ^= 0x40
        #expect(throws: ClusterError.self) {
            try AccessList(stored: bytes, supported: .newest)
        }
        for resource in [.cluster, .database("shop"), AccessResource(.table, "shop.orders")] {
            let key = MetadataKey.access(resource)
            #expect(MetadataKey(key.text) == key)
        }
    }

    @Test("Secrets are the same if all their bytes are, whatever their lengths")
    func secrets() {
        func same(_ left: String, _ right: String) -> Bool {
            isSameSecret(Array(left.utf8), Array(right.utf8))
        }
        #expect(same("abc", "abc") && same("", ""))
        for (left, right) in [
            ("abc", "abd"), ("abc", "ab"), ("ab", "abab"), ("abab", "ab"), ("", "a"), ("a", ""),
        ] {
            #expect(!same(left, right), "\(left) \(right)")
        }
        var access = AccessConfiguration()
        access.users = [AccessConfiguration.User("alice", password: "hush", token: "t1")]
        #expect(access.user("alice", password: Array("hush".utf8))?.name == "alice")
        #expect(access.user("nobody", password: Array("no such user".utf8)) == nil)
        #expect(access.user(token: Array("t1".utf8))?.name == "alice")
        #expect(access.user(token: []) == nil)
        #expect(!"\(access.users)".contains("hush") && !"\(access.users)".contains("t1"))
    }

    @Test("A bucket of tokens has a second's worth at once, and fills no further")
    func tokens() {
        func at(_ milliseconds: Int64) -> Instant {
            Instant(nanoseconds: milliseconds * 1_000_000)
        }
        var bucket = TokenBucket(full: at(5000))
        /// When it is served.
        func take(_ amount: Int64, at milliseconds: Int64) -> Int64 {
            let moment = bucket.moment(now: at(milliseconds))
            bucket.take(amount, at: 100, now: at(milliseconds))
            return moment.nanoseconds / 1_000_000
        }
        #expect(take(60, at: 5000) == 5000)
        #expect(take(40, at: 5000) == 5000)
        // Nothing is left, and nothing owed.
        #expect(take(50, at: 5000) == 5000)
        #expect(take(10, at: 5100) == 5500)
        #expect(take(0, at: 5200) == 5600)
        // However long nobody asks, it is not more than a second's worth.
        #expect(take(100, at: 90_000) == 90_000)
        #expect(take(1, at: 90_000) == 90_000)
        #expect(take(1, at: 90_000) == 90_010)
        #expect(!bucket.isFull(at: at(91_000)) && bucket.isFull(at: at(91_020)))
    }
}
