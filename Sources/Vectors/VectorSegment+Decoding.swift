import Columnar

extension VectorSegment {
    /// Reads a segment's object; `VectorsError.damaged` if the bytes are not one.
    convenience init(object: String, bytes: [UInt8]) throws(VectorsError) {
        do throws(ColumnarError) {
            var reader = ByteReader(bytes)
            let header = try VectorSegmentHeader(&reader)
            var vectors = try VectorSegment.section(&reader, bytes)
            var links = try VectorSegment.section(&reader, bytes)
            let graph = try header.readGraph(&vectors, &links)
            var offsets = try VectorSegment.section(&reader, bytes)
            var keys = try VectorSegment.section(&reader, bytes)
            let points = try header.readPoints(graph, &offsets, &keys)
            var order = try VectorSegment.section(&reader, bytes)
            let numbers = try header.readOrder(points, &order)
            if header.version > 1 {
                var attributes = try VectorSegment.section(&reader, bytes)
                points.take(try header.readAttributes(&attributes))
            }
            try reader.expectEnd()
            self.init(object: object, points, order: numbers)
        } catch {
            throw .damaged(object: object, reason: "\(error)")
        }
    }

    private static func section(
        _ reader: inout ByteReader, _ bytes: [UInt8]
    ) throws(ColumnarError) -> ByteReader {
        let start = reader.position
        let byteCount = try reader.readLittleEndian(UInt64.self)
        let checksum = try reader.readLittleEndian(UInt32.self)
        guard byteCount <= UInt64(reader.remaining) else {
            throw .corrupt(reason: "a section is longer than the object", position: start)
        }
        let content = try reader.subreader(Int(byteCount))
        guard VectorSegment.checksum(bytes[content.position..<content.end]) == checksum else {
            throw .corrupt(reason: "a section's checksum does not match", position: start)
        }
        return content
    }
}

/// The first bytes of a segment, checked.
private struct VectorSegmentHeader {
    let version: UInt32
    let quantization: VectorQuantization
    let attributeCount: Int
    let distance: VectorDistance
    let dimension: Int
    let degree: Int
    let breadth: Int
    let nodeCount: Int
    let pointCount: Int
    let entry: Int32

    init(_ reader: inout ByteReader) throws(ColumnarError) {
        let magic = try reader.readBytes(8)
        guard magic == VectorSegmentFormat.magic else {
            throw .corrupt(reason: "not a vector segment", position: 0)
        }
        version = try reader.readLittleEndian()
        guard VectorSegmentFormat.versions.contains(version) else {
            throw .unsupported(reason: "vector segment of version \(version)")
        }
        var numbers: [UInt32] = []
        for _ in 0..<6 { numbers.append(try reader.readLittleEndian()) }
        entry = try reader.readLittleEndian()
        var additions: [UInt32] = []
        for _ in 1..<version {
            additions = [try reader.readLittleEndian(), try reader.readLittleEndian()]
        }
        var header = ByteWriter()
        header.append(magic)
        for number in [version] + numbers { header.append(littleEndian: number) }
        header.append(littleEndian: entry)
        for number in additions { header.append(littleEndian: number) }
        guard try reader.readLittleEndian(UInt32.self) == VectorSegment.checksum(header.bytes[...])
        else {
            throw .corrupt(reason: "the header's checksum does not match", position: 0)
        }
        let quantization = additions.first ?? 0
        guard quantization < UInt32(VectorSegmentFormat.quantizations.count),
            additions.last ?? 0 <= UInt32(VectorSegmentFormat.attributeLimit)
        else { throw .corrupt(reason: "a number in the header is out of range", position: 44) }
        self.quantization = VectorSegmentFormat.quantizations[Int(quantization)]
        attributeCount = Int(additions.last ?? 0)
        guard numbers[0] < UInt32(VectorSegmentFormat.distances.count),
            (1...UInt32(VectorSegmentFormat.dimensionLimit)).contains(numbers[1]),
            VectorSegmentFormat.degreeLimits.contains(Int(numbers[2])),
            VectorSegmentFormat.breadthLimits.contains(Int(numbers[3])),
            numbers[4] <= UInt32(Int32.max), numbers[5] <= UInt32(Int32.max),
            entry >= -1, entry < Int64(numbers[4]), (entry == -1) == (numbers[4] == 0)
        else { throw .corrupt(reason: "a number in the header is out of range", position: 12) }
        distance = VectorSegmentFormat.distances[Int(numbers[0])]
        dimension = Int(numbers[1])
        degree = Int(numbers[2])
        breadth = Int(numbers[3])
        nodeCount = Int(numbers[4])
        pointCount = Int(numbers[5])
    }

    func readGraph(
        _ vectors: inout ByteReader, _ links: inout ByteReader
    ) throws(ColumnarError) -> HierarchicalGraph {
        let vectorByteCount = quantization == .none ? dimension * 4 : dimension + 4
        guard vectors.remaining == nodeCount * vectorByteCount, links.remaining >= nodeCount * 3
        else {
            throw .corrupt(reason: "vectors or graph of a wrong size", position: vectors.position)
        }
        let graph = HierarchicalGraph(
            dimension: dimension, distance: distance, quantization: quantization, degree: degree,
            breadth: breadth)
        for _ in 0..<nodeCount { try readNode(graph, try readVector(graph, &vectors), &links) }
        try links.expectEnd()
        try check(graph, position: links.position)
        if nodeCount > 0 { graph.entry = entry }
        return graph
    }

    private func readVector(
        _ graph: HierarchicalGraph, _ reader: inout ByteReader
    ) throws(ColumnarError) -> GraphVector {
        if quantization == .int8 {
            let scale = try reader.readFloat()
            guard scale.isFinite, scale >= 0 else {
                throw .corrupt(reason: "a vector's scale is none", position: reader.position)
            }
            var codes = [Int16](repeating: 0, count: graph.stride)
            for index in 0..<dimension {
                codes[index] = Int16(Int8(bitPattern: try reader.readByte()))
            }
            guard codes.allSatisfy({ abs($0) <= GraphVector.nodeLimit }) else {
                throw .corrupt(reason: "a code out of range", position: reader.position)
            }
            return GraphVector(codes: codes, scale: scale)
        }
        var vector = [Float](repeating: 0, count: graph.stride)
        for index in 0..<dimension { vector[index] = try reader.readFloat() }
        guard vector.allSatisfy(\.isFinite) else {
            throw .corrupt(reason: "a vector is not finite", position: reader.position)
        }
        return graph.kept(vector)
    }

    private func readNode(
        _ graph: HierarchicalGraph, _ vector: GraphVector, _ links: inout ByteReader
    ) throws(ColumnarError) {
        let level = Int(try links.readByte())
        guard level <= HierarchicalGraph.levelLimit else {
            throw .corrupt(reason: "a node of level \(level)", position: links.position)
        }
        let node = graph.appendNode(vector, level: level)
        for layer in 0...level {
            let count = Int(try links.readLittleEndian(UInt16.self))
            guard count <= graph.linkLimit(layer) else {
                throw .corrupt(reason: "a node with \(count) neighbours", position: links.position)
            }
            let target = graph.links(node, layer)
            target[0] = Int32(count)
            for index in 0..<count { target[1 + index] = try links.readLittleEndian() }
        }
    }

    /// Every link must lead to a node that stands on the link's layer.
    private func check(_ graph: HierarchicalGraph, position: Int) throws(ColumnarError) {
        for node in 0..<Int32(nodeCount) {
            for layer in 0...Int(graph.levels.base[Int(node)]) {
                let links = graph.links(node, layer)
                for index in 0..<Int(links[0]) {
                    let neighbour = links[1 + index]
                    guard neighbour >= 0, neighbour < nodeCount,
                        Int(graph.levels.base[Int(neighbour)]) >= layer
                    else { throw .corrupt(reason: "a link leads nowhere", position: position) }
                }
            }
        }
    }

    func readPoints(
        _ graph: HierarchicalGraph, _ offsets: inout ByteReader, _ keys: inout ByteReader
    ) throws(ColumnarError) -> PointGraph {
        guard offsets.remaining == pointCount * 8, keys.remaining >= pointCount * 8 else {
            throw .corrupt(reason: "offsets or keys of a wrong size", position: offsets.position)
        }
        let points = PointGraph(graph)
        for _ in 0..<pointCount {
            let offset = try offsets.readLittleEndian(Int64.self)
            let node = try keys.readLittleEndian(Int32.self)
            let byteCount = try keys.readLittleEndian(UInt32.self)
            guard node >= 0, node < nodeCount else {
                throw .corrupt(reason: "a point without a node", position: keys.position)
            }
            points.attach(try keys.readBytes(Int(byteCount)), node: node, offset: offset)
        }
        try keys.expectEnd()
        return points
    }

    func readAttributes(
        _ reader: inout ByteReader
    ) throws(ColumnarError) -> [AttributeColumn] {
        var columns: [AttributeColumn] = []
        for _ in 0..<attributeCount {
            let start = reader.position
            var values: [[UInt8]] = []
            for _ in 0..<(try reader.readLittleEndian(UInt32.self)) {
                let byteCount = try reader.readLittleEndian(UInt32.self)
                values.append(try reader.readBytes(Int(byteCount)))
            }
            guard reader.remaining / 4 >= pointCount else {
                throw .corrupt(reason: "attributes of a wrong size", position: start)
            }
            var numbers: [Int32] = []
            numbers.reserveCapacity(pointCount)
            for _ in 0..<pointCount { numbers.append(try reader.readLittleEndian()) }
            guard let column = AttributeColumn(sortedValues: values, numbers: numbers) else {
                throw .corrupt(reason: "attributes out of order", position: start)
            }
            columns.append(column)
        }
        try reader.expectEnd()
        return columns
    }

    func readOrder(
        _ points: PointGraph, _ reader: inout ByteReader
    ) throws(ColumnarError) -> [Int32] {
        guard reader.remaining == pointCount * 4 else {
            throw .corrupt(reason: "an order of a wrong size", position: reader.position)
        }
        var order: [Int32] = []
        order.reserveCapacity(pointCount)
        for _ in 0..<pointCount {
            let point = try reader.readLittleEndian(Int32.self)
            guard point >= 0, point < pointCount,
                order.isEmpty || VectorSegment.precedes(points, order[order.count - 1], point)
            else { throw .corrupt(reason: "points out of order", position: reader.position) }
            order.append(point)
        }
        return order
    }
}

extension ByteReader {
    fileprivate func expectEnd() throws(ColumnarError) {
        if !isAtEnd {
            throw .corrupt(reason: "\(remaining) bytes too many", position: position)
        }
    }
}
