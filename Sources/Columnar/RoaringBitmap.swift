/// A set of 32-bit numbers that is read and written as a Roaring bitmap in its portable form
/// (github.com/RoaringBitmap/RoaringFormatSpec).
///
///     u32 LE    cookie: 12346, or 12347 with the number of containers less one in the upper half
///     u32 LE    number of containers, after cookie 12346
///     bits      one for each container, after cookie 12347: whether it is of runs
///     u16 LE    for each container: the key, cardinality less one
///     u32 LE    for each container: where it begins; not after cookie 12347 with fewer than four
///               containers: sorted u16 up to 4,096 of them, 8 KiB of bits above that; of runs,
///               their number, and for each its first value and its length less one
///
/// In memory all is runs, so that work and room go by the bytes of a bitmap and not by how many
/// numbers it stands for. A set has one encoding here: each container has its smallest form.
public struct RoaringBitmap: Hashable, Sendable {
    private static let plainCookie: UInt32 = 12_346
    private static let runCookie: UInt32 = 12_347
    private static let arrayLimit = 4096
    private static let bitmapByteCount = 8192
    private static let offsetThreshold = 4

    /// Numbers that follow each other, all of them included.
    private typealias Run = ClosedRange<UInt16>

    /// The numbers that have their upper half in common.
    private struct Container: Hashable {
        var key: UInt16
        /// In order, with gaps between them.
        var runs: [Run]

        var count: Int { runs.reduce(0) { $0 + $1.count } }
    }

    /// In the order of their keys, none empty.
    private var containers: [Container] = []

    public init() {}

    /// - Parameter numbers: Sorted and distinct.
    public init(_ numbers: some Sequence<UInt32>) {
        var last: UInt32?
        for number in numbers {
            precondition(last.map { $0 < number } ?? true, "numbers that are not sorted")
            last = number
            append(
                UInt16(truncatingIfNeeded: number)...UInt16(truncatingIfNeeded: number),
                UInt16(number >> 16))
        }
    }

    /// How many numbers there are.
    public var count: Int { containers.reduce(0) { $0 + $1.count } }

    /// All numbers, in order.
    public func forEach(_ body: (UInt32) -> Void) {
        for container in containers {
            for run in container.runs {
                for low in run { body(UInt32(container.key) << 16 | UInt32(low)) }
            }
        }
    }

    /// Adds a run behind all others, or one that touches the last.
    private mutating func append(_ run: Run, _ key: UInt16) {
        if containers.last?.key != key { containers.append(Container(key: key, runs: [])) }
        Self.append(run, to: &containers[containers.count - 1].runs)
    }

    /// Adds a run that does not begin before the last.
    private static func append(_ run: Run, to runs: inout [Run]) {
        if let last = runs.last, Int(run.lowerBound) <= Int(last.upperBound) + 1 {
            runs[runs.count - 1] = last.lowerBound...max(last.upperBound, run.upperBound)
        } else {
            runs.append(run)
        }
    }

    // MARK: Union

    /// Takes in the numbers of another set; complexity: linear in the runs of both.
    public mutating func formUnion(_ other: RoaringBitmap) {
        var union: [Container] = []
        var left = containers[...]
        var right = other.containers[...]
        while let one = left.first, let two = right.first {
            if one.key <= two.key { left.removeFirst() }
            if two.key <= one.key { right.removeFirst() }
            if one.key == two.key {
                union.append(Container(key: one.key, runs: Self.union(one.runs, two.runs)))
            } else {
                union.append(one.key < two.key ? one : two)
            }
        }
        containers = union + left + right
    }

    private static func union(_ one: [Run], _ two: [Run]) -> [Run] {
        var union: [Run] = []
        var left = one[...]
        var right = two[...]
        while let first = left.first, let second = right.first {
            append(
                first.lowerBound <= second.lowerBound ? left.removeFirst() : right.removeFirst(),
                to: &union)
        }
        for run in left + right { append(run, to: &union) }
        return union
    }
}

// MARK: - Writing

extension RoaringBitmap {
    private enum Form { case array, bits, runs }

    private static func form(of container: Container) -> (form: Form, byteCount: Int) {
        let count = container.count
        let plain =
            count <= arrayLimit ? (Form.array, 2 * count) : (Form.bits, bitmapByteCount)
        let runs = (Form.runs, 2 + 4 * container.runs.count)
        return runs.1 < plain.1 ? runs : plain
    }

    public var encoded: [UInt8] {
        var writer = ByteWriter()
        append(to: &writer)
        return writer.bytes
    }

    /// Appends the encoded set.
    public func append(to writer: inout ByteWriter) {
        let forms = containers.map(Self.form)
        let hasRuns = forms.contains { $0.form == .runs }
        var head = 8
        if hasRuns {
            writer.append(littleEndian: Self.runCookie | UInt32(containers.count - 1) << 16)
            var flags = [UInt8](repeating: 0, count: (containers.count + 7) / 8)
            for (place, form) in forms.enumerated() where form.form == .runs {
                flags[place / 8] |= 1 << UInt8(place % 8)
            }
            writer.append(flags)
            head = 4 + flags.count
        } else {
            writer.append(littleEndian: Self.plainCookie)
            writer.append(littleEndian: UInt32(containers.count))
        }
        for container in containers {
            writer.append(littleEndian: container.key)
            writer.append(littleEndian: UInt16(container.count - 1))
        }
        if !hasRuns || containers.count >= Self.offsetThreshold {
            var offset = head + 8 * containers.count
            for form in forms {
                writer.append(littleEndian: UInt32(offset))
                offset += form.byteCount
            }
        }
        for (container, form) in zip(containers, forms) {
            Self.append(container.runs, as: form.form, to: &writer)
        }
    }

    private static func append(_ runs: [Run], as form: Form, to writer: inout ByteWriter) {
        switch form {
        case .array:
            for value in runs.joined() { writer.append(littleEndian: value) }
        case .bits:
            var bits = [UInt8](repeating: 0, count: bitmapByteCount)
            for value in runs.joined() { bits[Int(value) / 8] |= 1 << UInt8(value % 8) }
            writer.append(bits)
        case .runs:
            writer.append(littleEndian: UInt16(runs.count))
            for run in runs {
                writer.append(littleEndian: run.lowerBound)
                writer.append(littleEndian: run.upperBound - run.lowerBound)
            }
        }
    }
}

// MARK: - Reading

extension RoaringBitmap {
    /// Reads a set that has all of the bytes.
    public init(decoding bytes: [UInt8]) throws(ColumnarError) {
        var reader = ByteReader(bytes)
        try self.init(decoding: &reader)
        guard reader.isAtEnd else {
            throw .corrupt(reason: "bytes after the bitmap", position: reader.position)
        }
    }

    /// Reads a set of `limit` numbers at most, in any form that the specification allows.
    public init(
        decoding reader: inout ByteReader, atMost limit: Int = 1 << 32
    ) throws(ColumnarError) {
        let cookie: UInt32 = try reader.readLittleEndian()
        var containerCount = 0
        var flags: [UInt8] = []
        if cookie & 0xFFFF == Self.runCookie {
            containerCount = Int(cookie >> 16) + 1
            flags = try reader.readBytes((containerCount + 7) / 8)
        } else if cookie == Self.plainCookie {
            let stated: UInt32 = try reader.readLittleEndian()
            guard stated <= 1 << 16 else {
                throw .corrupt(reason: "\(stated) containers", position: reader.position)
            }
            containerCount = Int(stated)
        } else {
            throw .corrupt(reason: "no Roaring cookie: \(cookie)", position: reader.position)
        }
        var left = limit
        var headers: [(key: UInt16, count: Int)] = []
        for _ in 0..<containerCount {
            let key: UInt16 = try reader.readLittleEndian()
            let count = Int(try reader.readLittleEndian(UInt16.self)) + 1
            left -= count
            guard left >= 0, headers.last.map({ $0.key < key }) ?? true else {
                throw .corrupt(
                    reason: "containers out of order, or of more than \(limit) numbers",
                    position: reader.position)
            }
            headers.append((key, count))
        }
        if flags.isEmpty || containerCount >= Self.offsetThreshold {
            try reader.skip(4 * containerCount)
        }
        for (place, header) in headers.enumerated() {
            let isOfRuns = !flags.isEmpty && flags[place / 8] >> UInt8(place % 8) & 1 == 1
            let runs =
                isOfRuns
                ? try Self.readRuns(&reader)
                : header.count <= Self.arrayLimit
                    ? try Self.readArray(&reader, header.count) : try Self.readBits(&reader)
            let container = Container(key: header.key, runs: runs)
            guard container.count == header.count else {
                throw .corrupt(
                    reason: "a container that is not as it says", position: reader.position)
            }
            containers.append(container)
        }
    }

    private static func readRuns(_ reader: inout ByteReader) throws(ColumnarError) -> [Run] {
        var runs: [Run] = []
        let count: UInt16 = try reader.readLittleEndian()
        for _ in 0..<count {
            let first: UInt16 = try reader.readLittleEndian()
            let (last, isOver) = first.addingReportingOverflow(try reader.readLittleEndian())
            guard !isOver, runs.last.map({ $0.upperBound < first }) ?? true else {
                throw .corrupt(reason: "runs out of order", position: reader.position)
            }
            append(first...last, to: &runs)
        }
        return runs
    }

    private static func readArray(
        _ reader: inout ByteReader, _ count: Int
    ) throws(ColumnarError) -> [Run] {
        var runs: [Run] = []
        for _ in 0..<count {
            let value: UInt16 = try reader.readLittleEndian()
            guard runs.last.map({ $0.upperBound < value }) ?? true else {
                throw .corrupt(reason: "values out of order", position: reader.position)
            }
            append(value...value, to: &runs)
        }
        return runs
    }

    private static func readBits(_ reader: inout ByteReader) throws(ColumnarError) -> [Run] {
        var runs: [Run] = []
        let bits = try reader.readSlice(bitmapByteCount)
        for (place, byte) in bits.enumerated() where byte != 0 {
            for bit in 0..<8 where byte >> UInt8(bit) & 1 == 1 {
                let value = UInt16(place * 8 + bit)
                append(value...value, to: &runs)
            }
        }
        return runs
    }
}
