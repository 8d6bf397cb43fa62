/// Makes column vectors of an Arrow message's buffers.
struct ArrowBatchDecoder {
    let header: ArrowRecordBatchHeader
    /// For each column, which nodes are its.
    let nodeRanges: [Range<Int>]
    /// For each column, which buffers are its.
    let bufferRanges: [Range<Int>]

    private let bytes: [UInt8]
    private let body: Range<Int>
    private let schema: Schema
    /// What decompression may still make.
    private var byteLimit: Int
    /// How the columns to come say where their values are, and of how many buffers their views are.
    private var offsetKinds: ArraySlice<ArrowOffsets>
    private var viewBufferCounts: ArraySlice<Int64>

    /// Columns of which `offsets` says nothing have narrow ones.
    init(
        _ bytes: [UInt8], _ message: ArrowEnvelope, _ schema: Schema,
        _ offsets: [ArrowOffsets] = [], byteLimit: Int
    ) throws(ColumnarError) {
        header = try ArrowRecordBatchHeader(message)
        self.bytes = bytes
        self.schema = schema
        self.byteLimit = byteLimit
        body = message.body
        offsetKinds = offsets[...]
        viewBufferCounts = header.viewBufferCounts[...]
        var parts = ColumnParts(
            kinds: offsets[...], viewBufferCounts: header.viewBufferCounts[...],
            limit: header.buffers.count)
        var nodeRanges: [Range<Int>] = []
        var bufferRanges: [Range<Int>] = []
        var node = 0
        var buffer = 0
        for field in schema.fields {
            let (nodeCount, bufferCount) = try parts.count(field.type)
            nodeRanges.append(node..<node + nodeCount)
            bufferRanges.append(buffer..<buffer + bufferCount)
            node += nodeCount
            buffer += bufferCount
        }
        guard node == header.nodes.count, buffer == header.buffers.count else {
            throw .corrupt(
                reason: "an Arrow batch of \(header.nodes.count) nodes and "
                    + "\(header.buffers.count) buffers, not \(node) and \(buffer)",
                position: message.metadata.range.lowerBound)
        }
        self.nodeRanges = nodeRanges
        self.bufferRanges = bufferRanges
    }

    mutating func decode() throws(ColumnarError) -> RecordBatch {
        var columns: [ColumnVector] = []
        columns.reserveCapacity(schema.fields.count)
        for index in schema.fields.indices {
            var place = Place(
                node: nodeRanges[index].lowerBound, buffer: bufferRanges[index].lowerBound)
            let column = try decodeColumn(
                schema.fields[index].type, count: header.rowCount, &place)
            if column.nullCount > 0 && !schema.fields[index].isNullable {
                throw .corrupt(
                    reason: "column \(schema.fields[index].name) has nulls",
                    position: body.lowerBound)
            }
            columns.append(column)
        }
        return RecordBatch(schema: schema, rowCount: header.rowCount, columns: columns)
    }

    /// Where a buffer stands in the bytes.
    func bodyRange(ofBuffer index: Int) throws(ColumnarError) -> Range<Int> {
        let (offset, size) = header.buffers[index]
        guard offset >= 0, size >= 0, offset <= Int64(body.count),
            size <= Int64(body.count) - offset
        else {
            throw .corrupt(
                reason: "Arrow buffer \(index) is outside the body", position: body.lowerBound)
        }
        let start = body.lowerBound + Int(offset)
        return start..<start + Int(size)
    }

    /// The next node and buffer to read.
    private struct Place {
        var node: Int
        var buffer: Int
    }

    private mutating func decodeColumn(
        _ type: DataType, count: Int, _ place: inout Place
    ) throws(ColumnarError) -> ColumnVector {
        let validity = try readValidity(count: count, &place)
        var offsets: [Int32] = []
        if type.storage.hasOffsets {
            switch offsetKinds.popFirst() ?? .narrow {
            case .narrow: offsets = try offsetBuffer(place.buffer, count: count)
            case .wide: offsets = try wideOffsets(place.buffer, count: count)
            case .views:
                let (offsets, data) = try readViews(place.buffer, count: count, validity)
                place.buffer += 1 + Int(viewBufferCounts.popFirst() ?? 0)
                return try ColumnVector(
                    type: type, count: count, validity: validity, offsets: offsets, data: data,
                    children: [])
            }
            place.buffer += 1
        }
        var data: [UInt8] = []
        var children: [ColumnVector] = []
        switch type.storage {
        case .floats(let dimension):
            data = try readVectors(dimension, count: count, validity, &place)
        case .list, .map:
            let elementCount = try childCount(of: type, place)
            if type.storage == .map {
                // Arrow puts a struct, which is never null, between the map and its entries.
                guard try readValidity(count: elementCount, &place).isEmpty else {
                    throw .corrupt(reason: "a null entry of a map", position: body.lowerBound)
                }
            }
            for child in type.children {
                children.append(try decodeColumn(child.type, count: elementCount, &place))
            }
        case .record:
            for child in type.children {
                children.append(try decodeColumn(child.type, count: count, &place))
            }
        default:
            data = try buffer(place.buffer)
            place.buffer += 1
        }
        return try ColumnVector(
            type: type, count: count, validity: validity, offsets: offsets, data: data,
            children: children)
    }

    private mutating func readValidity(
        count: Int, _ place: inout Place
    ) throws(ColumnarError) -> [UInt8] {
        try requireNode(place.node, count: count)
        let validity = try bitmap(place.buffer, node: place.node, count: count)
        place.node += 1
        place.buffer += 1
        return validity
    }

    private func childCount(of type: DataType, _ place: Place) throws(ColumnarError) -> Int {
        let count = header.nodes[place.node].0
        guard count >= 0, count <= Int64(Int32.max) else {
            throw .corrupt(reason: "\(count) values in \(type)", position: body.lowerBound)
        }
        return Int(count)
    }

    private mutating func readVectors(
        _ dimension: Int, count: Int, _ validity: [UInt8], _ place: inout Place
    ) throws(ColumnarError) -> [UInt8] {
        let (elementCount, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard !overflow, elementCount <= Int(Int32.max) else {
            throw .corrupt(reason: "too many vector elements", position: body.lowerBound)
        }
        let elements = try readValidity(count: elementCount, &place)
        try requireElements(elements, of: validity, count: count, dimension: dimension)
        place.buffer += 1
        return try buffer(place.buffer - 1)
    }

    private func requireNode(_ index: Int, count: Int) throws(ColumnarError) {
        guard header.nodes[index].0 == Int64(count) else {
            throw .corrupt(
                reason: "Arrow node \(index) has \(header.nodes[index].0) values, not \(count)",
                position: body.lowerBound)
        }
    }

    /// The validity bitmap cut to size; empty if nothing is null.
    private mutating func bitmap(
        _ index: Int, node: Int, count: Int
    ) throws(ColumnarError) -> [UInt8] {
        if header.nodes[node].1 == 0 { return [] }
        let bitmap = try buffer(index)
        guard bitmap.count >= (count + 7) / 8 else {
            throw .corrupt(reason: "Arrow bitmap \(index) is too short", position: body.lowerBound)
        }
        return bitmap.count == (count + 7) / 8 ? bitmap : Array(bitmap.prefix((count + 7) / 8))
    }

    private mutating func offsetBuffer(
        _ index: Int, count: Int
    ) throws(ColumnarError) -> [Int32] {
        let buffer = try buffer(index)
        // A column of no values may leave out even its first offset.
        if count == 0 { return [0] }
        guard buffer.count / 4 >= count + 1 else {
            throw .corrupt(reason: "Arrow offsets \(index) are too few", position: body.lowerBound)
        }
        return [Int32](unsafeUninitializedCapacity: count + 1) { offsets, initialized in
            buffer.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(offsets).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[0..<(count + 1) * 4]))
            }
            initialized = count + 1
        }
    }

    private mutating func wideOffsets(
        _ index: Int, count: Int
    ) throws(ColumnarError) -> [Int32] {
        let buffer = try buffer(index)
        if count == 0 { return [0] }
        guard buffer.count / 8 >= count + 1 else {
            throw .corrupt(reason: "Arrow offsets \(index) are too few", position: body.lowerBound)
        }
        var offsets: [Int32] = []
        offsets.reserveCapacity(count + 1)
        for position in 0...count {
            let wide = buffer.littleEndian(Int64.self, at: position * 8)
            guard let offset = Int32(exactly: wide) else {
                throw .unsupported(reason: "an Arrow column of over 2 GiB in one batch")
            }
            offsets.append(offset)
        }
        return offsets
    }

    /// The values that views tell the places of, one after the other, and their offsets.
    ///
    /// A view has 16 bytes: the length as i32, and a value of at most 12 bytes, or its first 4, the
    /// number of its buffer, and its place there.
    private mutating func readViews(
        _ index: Int, count: Int, _ validity: [UInt8]
    ) throws(ColumnarError) -> ([Int32], [UInt8]) {
        let views = try buffer(index)
        var buffers: [[UInt8]] = []
        for number in 0..<Int(viewBufferCounts.first ?? 0) {
            buffers.append(try buffer(index + 1 + number))
        }
        guard views.count / 16 >= count else {
            throw .corrupt(reason: "Arrow views \(index) are too few", position: body.lowerBound)
        }
        var (offsets, data): ([Int32], [UInt8]) = ([0], [])
        offsets.reserveCapacity(count + 1)
        for row in 0..<count {
            let isNull = !validity.isEmpty && validity[row >> 3] >> UInt8(row & 7) & 1 == 0
            let length = isNull ? 0 : Int(views.littleEndian(Int32.self, at: row * 16))
            guard length >= 0, data.count + length <= min(byteLimit, Int(Int32.max)) else {
                throw .tooLarge(byteCount: data.count + max(0, length), limit: byteLimit)
            }
            if length <= 12 {
                data += views[row * 16 + 4..<row * 16 + 4 + length]
            } else {
                let number = Int(views.littleEndian(Int32.self, at: row * 16 + 8))
                let start = Int(views.littleEndian(Int32.self, at: row * 16 + 12))
                guard buffers.indices.contains(number), start >= 0,
                    start + length <= buffers[number].count
                else {
                    throw .corrupt(
                        reason: "the Arrow view of row \(row) is outside its buffer",
                        position: body.lowerBound)
                }
                data += buffers[number][start..<start + length]
            }
            offsets.append(Int32(data.count))
        }
        byteLimit -= data.count
        return (offsets, data)
    }

    /// Elements may be null only where their vector is.
    private func requireElements(
        _ elements: [UInt8], of validity: [UInt8], count: Int, dimension: Int
    ) throws(ColumnarError) {
        if elements.isEmpty { return }
        for row in 0..<count {
            if !validity.isEmpty && validity[row >> 3] >> UInt8(row & 7) & 1 == 0 { continue }
            for element in row * dimension..<(row + 1) * dimension
            where elements[element >> 3] >> UInt8(element & 7) & 1 == 0 {
                throw .unsupported(reason: "a vector with a null element in row \(row)")
            }
        }
    }

    private mutating func buffer(_ index: Int) throws(ColumnarError) -> [UInt8] {
        let range = try bodyRange(ofBuffer: index)
        guard let codec = header.compression, !range.isEmpty else { return Array(bytes[range]) }
        var reader = ByteReader(bytes, range: range)
        let size: Int64 = try reader.readLittleEndian()
        let rest = reader.position..<range.upperBound
        if size == -1 { return Array(bytes[rest]) }
        guard size >= 0, size <= Int64(byteLimit) else {
            throw .tooLarge(byteCount: Int(clamping: size), limit: byteLimit)
        }
        byteLimit -= Int(size)
        let compression = codec == 0 ? Compression.lz4Frame : .zstd
        return try compression.decompress(bytes[rest], byteCount: Int(size))
    }
}

/// Counts the nodes and buffers that columns have in an Arrow message.
private struct ColumnParts {
    var kinds: ArraySlice<ArrowOffsets>
    var viewBufferCounts: ArraySlice<Int64>
    /// Buffers that there are.
    let limit: Int

    /// Those of the next column, which is of this type.
    mutating func count(_ type: DataType) throws(ColumnarError) -> (nodes: Int, buffers: Int) {
        let kind = type.storage.hasOffsets ? kinds.popFirst() ?? .narrow : .narrow
        switch type.storage {
        case .text, .variableBytes:
            if kind != .views { return (1, 3) }
            guard let count = viewBufferCounts.popFirst(), count >= 0, count <= Int64(limit) else {
                throw .corrupt(reason: "views without a count of their buffers", position: 0)
            }
            return (1, 2 + Int(count))
        case .floats: return (2, 3)
        case .list: return try count(type.children, own: (1, 2))
        // The struct of the entries has a node and a bitmap of its own.
        case .map: return try count(type.children, own: (2, 3))
        case .record: return try count(type.children, own: (1, 1))
        default: return (1, 2)
        }
    }

    private mutating func count(
        _ children: [Field], own: (nodes: Int, buffers: Int)
    ) throws(ColumnarError) -> (nodes: Int, buffers: Int) {
        var total = own
        for child in children {
            let (nodes, buffers) = try count(child.type)
            total = (total.nodes + nodes, total.buffers + buffers)
        }
        return total
    }
}

extension [UInt8] {
    /// A number at a place. Precondition: it is in the bytes.
    fileprivate func littleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, at position: Int
    ) -> Number {
        precondition(position >= 0 && position + MemoryLayout<Number>.size <= count)
        return withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Number.self))
        }
    }
}
