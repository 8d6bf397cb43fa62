// Arrow describes its messages in flatbuffers (https://flatbuffers.dev/internals): a table is an
// i32 distance back to its vtable, then its fields; the vtable is u16 own size, u16 table size, and
// for each field the u16 offset in the table, 0 if absent; strings, vectors and tables are referred
// to by a u32 distance forward. All little endian.

/// Builds a flatbuffer front to back: a table first, then what it refers to, patched in as it
/// comes.
struct FlatbufferWriter {
    private(set) var writer = ByteWriter(capacity: 256)

    /// A field of a table that is about to be written.
    enum FieldValue {
        case absent
        case byte(UInt8)
        case int16(Int16)
        case int32(Int32)
        case int64(Int64)
        /// Filled in later with `refer`.
        case reference

        var size: Int {
            switch self {
            case .absent: 0
            case .byte: 1
            case .int16: 2
            case .int32, .reference: 4
            case .int64: 8
            }
        }
    }

    /// Where the parts of a table came to stand.
    struct Table {
        var position: Int
        /// For each field, its place; 0 if absent.
        var fields: [Int]
    }

    /// Leaves room for the reference to the root table.
    init() { writer.append(littleEndian: UInt32(0)) }

    mutating func align(to size: Int) {
        while writer.count % size != 0 { writer.append(byte: 0) }
    }

    /// Writes a table behind its vtable; fields stand by falling size, each aligned to its own.
    mutating func table(_ values: [FieldValue]) -> Table {
        var places = [Int](repeating: 0, count: values.count)
        var size = 4
        for width in [4, 2, 1] {
            for index in values.indices where values[index].size == width {
                places[index] = size
                size += width
            }
        }
        if values.contains(where: { $0.size == 8 }) {
            // Behind the smaller ones, because the table begins with four bytes.
            size = (size + 7) / 8 * 8
            for index in values.indices where values[index].size == 8 {
                places[index] = size
                size += 8
            }
        }
        let vtableSize = 4 + 2 * values.count
        // The table must begin at a multiple of eight.
        while (writer.count + vtableSize) % 8 != 0 { writer.append(byte: 0) }
        let vtable = writer.count
        writer.append(littleEndian: UInt16(vtableSize))
        writer.append(littleEndian: UInt16(size))
        for place in places { writer.append(littleEndian: UInt16(place)) }
        let position = writer.count
        writer.append(littleEndian: Int32(position - vtable))
        writer.append(zeros: size - 4)
        for index in values.indices {
            switch values[index] {
            case .absent, .reference: break
            case .byte(let number):
                writer.replace(at: position + places[index], littleEndian: number)
            case .int16(let number):
                writer.replace(at: position + places[index], littleEndian: number)
            case .int32(let number):
                writer.replace(at: position + places[index], littleEndian: number)
            case .int64(let number):
                writer.replace(at: position + places[index], littleEndian: number)
            }
        }
        return Table(position: position, fields: places.map { $0 == 0 ? 0 : $0 + position })
    }

    /// Makes the reference at `place` point to what stands at `target`.
    mutating func refer(from place: Int, to target: Int) {
        precondition(target > place, "a reference points forward")
        writer.replace(at: place, littleEndian: UInt32(target - place))
    }

    mutating func string(_ text: String) -> Int {
        align(to: 4)
        let position = writer.count
        writer.append(littleEndian: UInt32(text.utf8.count))
        writer.append(Array(text.utf8))
        writer.append(byte: 0)
        return position
    }

    /// Writes a vector of references, each to be filled in, and answers its place and theirs.
    mutating func references(count: Int) -> (position: Int, places: [Int]) {
        align(to: 4)
        let position = writer.count
        writer.append(littleEndian: UInt32(count))
        let places = (0..<count).map { writer.count + 4 * $0 }
        writer.append(zeros: 4 * count)
        return (position, places)
    }

    /// Writes a vector of structs of two 64-bit numbers.
    mutating func pairs(_ pairs: [(Int64, Int64)]) -> Int {
        while writer.count % 8 != 4 { writer.append(byte: 0) }
        let position = writer.count
        writer.append(littleEndian: UInt32(pairs.count))
        for (first, second) in pairs {
            writer.append(littleEndian: first)
            writer.append(littleEndian: second)
        }
        return position
    }

    mutating func finish(root: Table) -> [UInt8] {
        refer(from: 0, to: root.position)
        align(to: 8)
        return writer.bytes
    }
}

/// Reads a flatbuffer that nobody vouches for.
struct FlatbufferReader {
    let bytes: [UInt8]
    let range: Range<Int>

    /// Precondition: `range` lies in `bytes`.
    init(_ bytes: [UInt8], range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        self.range = range
    }

    /// A table whose vtable was found to be in bounds.
    struct Table {
        var position: Int
        var size: Int
        var vtable: Range<Int>
    }

    func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ position: Int, as type: Number.Type = Number.self
    ) throws(ColumnarError) -> Number {
        guard position >= range.lowerBound,
            position <= range.upperBound - MemoryLayout<Number>.size
        else { throw .corrupt(reason: "a flatbuffer points outside itself", position: position) }
        return bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Number.self))
        }
    }

    func root() throws(ColumnarError) -> Table {
        try table(at: try target(of: range.lowerBound))
    }

    /// What the reference at `place` points to.
    private func target(of place: Int) throws(ColumnarError) -> Int {
        let target = place + Int(try load(place, as: UInt32.self))
        guard target > place, target < range.upperBound else {
            throw .corrupt(reason: "a flatbuffer points outside itself", position: place)
        }
        return target
    }

    private func table(at position: Int) throws(ColumnarError) -> Table {
        let vtable = position - Int(try load(position, as: Int32.self))
        let vtableSize = Int(try load(vtable, as: UInt16.self))
        let size = Int(try load(vtable + 2, as: UInt16.self))
        guard vtableSize >= 4, vtableSize % 2 == 0, vtableSize <= range.upperBound - vtable,
            size >= 4, size <= range.upperBound - position
        else { throw .corrupt(reason: "a flatbuffer table is cut", position: position) }
        return Table(position: position, size: size, vtable: vtable..<vtable + vtableSize)
    }

    /// Where a table's field stands; nil if it is absent.
    private func place(
        _ field: Int, _ table: Table, size: Int
    ) throws(ColumnarError) -> Int? {
        let entry = table.vtable.lowerBound + 4 + 2 * field
        if entry >= table.vtable.upperBound { return nil }
        let offset = Int(try load(entry, as: UInt16.self))
        if offset == 0 { return nil }
        guard offset + size <= table.size else {
            throw .corrupt(reason: "a flatbuffer field is cut", position: table.position + offset)
        }
        return table.position + offset
    }

    func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ field: Int, _ table: Table, default absent: Number
    ) throws(ColumnarError) -> Number {
        guard let place = try place(field, table, size: MemoryLayout<Number>.size) else {
            return absent
        }
        return try load(place)
    }

    func table(_ field: Int, _ table: Table) throws(ColumnarError) -> Table? {
        guard let place = try place(field, table, size: 4) else { return nil }
        return try self.table(at: try target(of: place))
    }

    func string(_ field: Int, _ table: Table) throws(ColumnarError) -> String? {
        guard let vector = try vector(field, table, elementSize: 1) else { return nil }
        var reader = ByteReader(bytes, range: vector)
        return try reader.readString(byteCount: vector.count)
    }

    /// Where a vector's elements stand, checked to be in bounds; nil if it is absent.
    func vector(
        _ field: Int, _ table: Table, elementSize: Int
    ) throws(ColumnarError) -> Range<Int>? {
        guard let place = try place(field, table, size: 4) else { return nil }
        let position = try target(of: place)
        let count = Int(try load(position, as: UInt32.self))
        let start = position + 4
        guard count <= (range.upperBound - start) / elementSize else {
            throw .corrupt(reason: "a flatbuffer vector is cut", position: position)
        }
        return start..<start + count * elementSize
    }

    func tables(_ field: Int, _ table: Table) throws(ColumnarError) -> [Table] {
        guard let vector = try vector(field, table, elementSize: 4) else { return [] }
        var tables: [Table] = []
        tables.reserveCapacity(vector.count / 4)
        for place in stride(from: vector.lowerBound, to: vector.upperBound, by: 4) {
            tables.append(try self.table(at: try target(of: place)))
        }
        return tables
    }

    /// A vector of structs of two 64-bit numbers.
    func numbers(_ field: Int, _ table: Table) throws(ColumnarError) -> [Int64] {
        guard let vector = try vector(field, table, elementSize: 8) else { return [] }
        var numbers: [Int64] = []
        for place in stride(from: vector.lowerBound, to: vector.upperBound, by: 8) {
            numbers.append(try load(place))
        }
        return numbers
    }

    func pairs(_ field: Int, _ table: Table) throws(ColumnarError) -> [(Int64, Int64)] {
        guard let vector = try vector(field, table, elementSize: 16) else { return [] }
        var pairs: [(Int64, Int64)] = []
        pairs.reserveCapacity(vector.count / 16)
        for place in stride(from: vector.lowerBound, to: vector.upperBound, by: 16) {
            pairs.append((try load(place), try load(place + 8)))
        }
        return pairs
    }
}
