import Columnar
import Platform
import Testing

@testable import Changelog

@Suite("Writer states")
struct WriterStatesTests {
    private func states(_ sequences: [Int32], at milliseconds: Int64 = 0) throws -> WriterStates {
        var states = WriterStates(expiration: .seconds(10))
        for (position, sequence) in sequences.enumerated() {
            states.append(
                try batch(1, writer: 8, sequence: sequence).assigned(
                    baseOffset: Int64(position), commitTimestamp: time(milliseconds),
                    leaderEpoch: 0))
        }
        return states
    }

    @Test("A writer begins with 0 and counts up")
    func order() throws {
        var states = try states([])
        #expect(states.judge(writer: 8, sequence: 0, at: time(0)) == .next)
        #expect(states.judge(writer: 8, sequence: 1, at: time(0)) == .unknownWriter)
        states = try self.states([0, 1])
        #expect(states.judge(writer: 8, sequence: 2, at: time(0)) == .next)
        #expect(states.judge(writer: 8, sequence: 3, at: time(0)) == .outOfOrder(expected: 2))
    }

    @Test("The last five batches are known again, older ones are out of order")
    func duplicates() throws {
        let states = try states([0, 1, 2, 3, 4, 5, 6])
        for sequence in Int32(2)...6 {
            guard
                case .duplicate(let known) = states.judge(
                    writer: 8, sequence: sequence, at: time(0))
            else {
                Issue.record("batch \(sequence) is not known again")
                continue
            }
            #expect(known.baseOffset == Int64(sequence))
        }
        #expect(states.judge(writer: 8, sequence: 1, at: time(0)) == .outOfOrder(expected: 7))
    }

    @Test("After the last sequence comes 0")
    func wrap() throws {
        let states = try states([.max - 1, .max])
        #expect(states.judge(writer: 8, sequence: 0, at: time(0)) == .next)
    }

    @Test("A writer is forgotten by the time in the log, swept or not")
    func expiration() throws {
        var states = try states([0, 1], at: 1000)
        #expect(states.judge(writer: 8, sequence: 2, at: time(11_000)) == .next)
        #expect(states.judge(writer: 8, sequence: 2, at: time(11_001)) == .unknownWriter)
        // A batch that comes again is known as long as it is remembered.
        guard case .duplicate = states.judge(writer: 8, sequence: 0, at: time(11_001)) else {
            Issue.record("batch 0 is not known again")
            return
        }
        states.sweep(at: time(11_000))
        #expect(states.count == 1)
        states.sweep(at: time(11_001))
        #expect(states.count == 0)
        #expect(states.judge(writer: 8, sequence: 0, at: time(11_001)) == .next)
        #expect(states.judge(writer: 8, sequence: 2, at: time(11_001)) == .unknownWriter)
    }

    @Test("States come back from their bytes")
    func roundTrip() throws {
        let states = try states([0, 1, 2, 3, 4, 5], at: 77)
        var writer = ByteWriter()
        states.encode(to: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try WriterStates(decoding: &reader, expiration: .seconds(10)) == states)
        #expect(reader.isAtEnd)
    }
}
