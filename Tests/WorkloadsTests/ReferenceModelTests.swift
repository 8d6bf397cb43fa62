import Columnar
import Testing

@testable import Workloads

@Suite("The reference model")
struct ReferenceModelTests {
    private static let keyed = TableDefinition(
        name: "rows",
        schema: Schema(
            fields: [
                Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
                Field(identifier: 2, name: "value", type: .bigint),
            ], primaryKey: [0]), bucketKey: [0])
    private static let log = TableDefinition(
        name: "lines",
        schema: Schema(fields: [Field(identifier: 1, name: "value", type: .bigint)]),
        bucketKey: [0])

    private static func hash(_ row: Row) -> UInt64 {
        row.reduce(17) { $0 &* 1_000_003 &+ UInt64(bitPattern: $1.integer ?? -1) }
    }

    private static func row(_ key: Int, _ value: Int) -> Row {
        [.bigint(Int64(key)), .bigint(Int64(value))]
    }

    /// A table of one key, and what the model says of what stands in it.
    private struct Story {
        let model = ReferenceModel(ReferenceModelTests.keyed)

        @discardableResult
        func write(_ value: Int?, _ outcome: ReferenceModel.Outcome) throws -> Story {
            let kind: Change.Kind =
                value.map { .upsert(row(1, $0)) } ?? .delete(key: [.bigint(1)])
            try model.learned(kind, number: model.sent(), outcome, hash: hash)
            return self
        }

        @discardableResult
        func commit(_ value: Int?) throws -> Story {
            try model.committed(row(1, value ?? 0), isDelete: value == nil, hash: hash)
            return self
        }

        func verdict(_ standing: Int?) throws -> String {
            var violations: [String] = []
            var rows: [[UInt8]: Row] = [:]
            if let standing {
                let key = try KeyCodec(primaryKeyOf: keyed.schema).encode([.bigint(1)])
                rows[key] = row(1, standing)
            }
            _ = model.check(rows: rows, hash: hash) { violations.append($0) }
            return violations.joined(separator: "; ")
        }
    }

    @Test("Takes the last acknowledged change, whatever the order of the answers")
    func truth() throws {
        #expect(try Story().write(1, .acknowledged).write(2, .acknowledged).verdict(2) == "")
        #expect(try Story().write(1, .acknowledged).write(nil, .acknowledged).verdict(nil) == "")
        let model = ReferenceModel(Self.keyed)
        let first = model.sent()
        let second = model.sent()
        try model.learned(.upsert(Self.row(1, 2)), number: second, .acknowledged, hash: Self.hash)
        try model.learned(.upsert(Self.row(1, 1)), number: first, .acknowledged, hash: Self.hash)
        var violations: [String] = []
        let key = try KeyCodec(primaryKeyOf: Self.keyed.schema).encode([.bigint(1)])
        let count = model.check(rows: [key: Self.row(1, 2)], hash: Self.hash) {
            violations.append($0)
        }
        #expect(violations == [] && count == 1)
    }

    @Test("Sees a lost, a resurrected, a wrong and a refused row, and one that nobody wrote")
    func lies() throws {
        #expect(try Story().write(1, .acknowledged).verdict(nil).contains("missing"))
        let deleted = try Story().write(1, .acknowledged).write(nil, .acknowledged)
        #expect(try deleted.verdict(1).contains("though deleted"))
        let changed = try Story().write(1, .acknowledged).write(2, .acknowledged)
        #expect(try changed.verdict(1).contains("not the acknowledged one"))
        #expect(try changed.verdict(3).contains("not the acknowledged one"))
        let refused = try Story().write(1, .acknowledged).write(2, .refused)
        #expect(try refused.verdict(1) == "")
        #expect(try refused.verdict(2).contains("not the acknowledged one"))
        #expect(try Story().verdict(4).contains("never written"))
        #expect(try Story().write(5, .refused).verdict(5).contains("never written"))
    }

    @Test("An unknown change may stand or not, also after a later one was acknowledged")
    func unknown() throws {
        let story = try Story().write(1, .acknowledged).write(2, .unknown)
        #expect(try story.verdict(1) == "")
        #expect(try story.verdict(2) == "")
        #expect(try !story.verdict(nil).isEmpty)
        try story.write(3, .acknowledged)
        #expect(try story.verdict(3) == "")
        // The request was on its way all the time, and came last.
        #expect(try story.verdict(2) == "")
        #expect(try !story.verdict(1).isEmpty)
        let gone = try Story().write(1, .acknowledged).write(nil, .unknown)
        #expect(try gone.verdict(nil) == "" && gone.verdict(1) == "")
    }

    @Test("An unknown change that had its turn does not come back")
    func once() throws {
        let story = try Story().write(1, .acknowledged).write(2, .unknown).write(3, .acknowledged)
        try story.commit(1).commit(2).commit(3)
        #expect(try story.verdict(3) == "")
        #expect(try story.verdict(2).contains("last committed"))
        try story.commit(2)
        #expect(try story.verdict(2).contains("more often"))
        let late = try Story().write(2, .unknown).write(3, .acknowledged).commit(3).commit(2)
        #expect(try late.verdict(2) == "")
        #expect(try late.verdict(3).contains("last committed"))
        let refused = try Story().write(2, .refused).commit(2).commit(nil)
        #expect(try refused.verdict(nil).contains("more often"))
    }

    @Test("Rows of a log are there as often as they were acknowledged")
    func appended() throws {
        func verdict(_ outcomes: [ReferenceModel.Outcome], seen: Int) throws -> String {
            let model = ReferenceModel(Self.log)
            let row: Row = [.bigint(7)]
            for outcome in outcomes {
                try model.learned(.append(row), number: model.sent(), outcome, hash: Self.hash)
            }
            var violations: [String] = []
            for _ in 0..<seen { model.saw(Self.hash(row)) { violations.append($0) } }
            #expect(model.checkAppended { violations.append($0) } == (outcomes.isEmpty ? 0 : 1))
            return violations.joined(separator: "; ")
        }
        #expect(try verdict([.acknowledged], seen: 1) == "")
        #expect(try verdict([.acknowledged, .acknowledged], seen: 2) == "")
        #expect(try verdict([.acknowledged, .unknown], seen: 2) == "")
        #expect(try verdict([.unknown], seen: 0) == "")
        #expect(try verdict([.refused], seen: 0) == "")
        #expect(try verdict([.acknowledged], seen: 0).contains("missing"))
        #expect(try verdict([.acknowledged, .acknowledged], seen: 1).contains("missing"))
        #expect(try verdict([.acknowledged], seen: 2).contains("more often"))
        #expect(try verdict([.unknown], seen: 2).contains("more often"))
        #expect(try verdict([.refused], seen: 1).contains("refused"))
        #expect(try verdict([], seen: 1).contains("nobody"))
    }

    /// A store that tells the truth about what it knows, and delivers given-up requests when it
    /// likes.
    @Test("Never accuses an honest store", arguments: 1...40 as ClosedRange<UInt64>)
    func honest(seed: UInt64) throws {
        #expect(try Self.violations(seed, lying: false) == [])
    }

    @Test("Accuses one that loses an acknowledged row", arguments: 1...40 as ClosedRange<UInt64>)
    func dishonest(seed: UInt64) throws {
        #expect(try !Self.violations(seed, lying: true).isEmpty)
    }

    private static func violations(_ seed: UInt64, lying: Bool) throws -> [String] {
        var random = RandomSource(seed: seed, label: "reference model")
        let model = ReferenceModel(keyed)
        var rows: [[UInt8]: Row] = [:]
        var givenUp: [(kind: Change.Kind, key: [UInt8])] = []
        let codec = KeyCodec(primaryKeyOf: keyed.schema)

        func apply(_ kind: Change.Kind, _ key: [UInt8]) throws {
            switch kind {
            case .upsert(let row), .append(let row), .update(let row, _):
                rows[key] = row
                try model.committed(row, isDelete: false, hash: hash)
            case .insertIfAbsent: break
            case .delete, .deletePart:
                // Nothing is committed where there was nothing.
                guard let old = rows.removeValue(forKey: key) else { return }
                try model.committed(old, isDelete: true, hash: hash)
            }
        }
        for step in 0..<300 {
            let number = random.below(8)
            let key = try codec.encode([.bigint(Int64(number))])
            let kind: Change.Kind =
                random.below(4) == 0
                ? .delete(key: [.bigint(Int64(number))])
                : .upsert(row(number, step / 2))
            let sent = model.sent()
            switch random.below(10) {
            case 0: try model.learned(kind, number: sent, .refused, hash: hash)
            case 1...2:
                try model.learned(kind, number: sent, .unknown, hash: hash)
                givenUp.append((kind, key))
            default:
                try apply(kind, key)
                try model.learned(kind, number: sent, .acknowledged, hash: hash)
            }
            if !givenUp.isEmpty && random.below(6) == 0 {
                let late = givenUp.remove(at: random.below(givenUp.count))
                if random.below(3) > 0 { try apply(late.kind, late.key) }
            }
        }
        let last = try codec.encode([.bigint(100)])
        try apply(.upsert(row(100, 1)), last)
        try model.learned(.upsert(row(100, 1)), number: model.sent(), .acknowledged, hash: hash)
        if lying { rows[last] = nil }
        var violations: [String] = []
        _ = model.check(rows: rows, hash: hash) { violations.append($0) }
        return violations
    }
}
