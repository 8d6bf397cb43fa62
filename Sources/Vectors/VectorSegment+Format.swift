import Columnar

/// The bytes of a segment object. Numbers are little endian. Version 2 is written where vectors are
/// quantized or there are attributes.
///
///     header
///          8  "WTVECSEG"
///          4  version, 1 or 2
///          4  distance: 0 squared Euclidean, 1 cosine, 2 inner product
///          4  dimension
///          4  degree
///          4  breadth
///          4  count of nodes
///          4  count of points
///          4  entry node, -1 if there are no nodes
///          4  in version 2: quantization, 0 none, 1 int8
///          4  in version 2: count of attributes
///          4  CRC-32C of the bytes before
///     five sections, in version 2 six, each
///          8  byte count of the content
///          4  CRC-32C of the content
///             content
///     vectors   dimension x 4 bytes a node, as kept (of length 1 for cosine); of int8 4 bytes
///               scale and a byte an element
///     graph     a node: 1 byte level; then for each layer from 0 to the level
///               2 bytes count, 4 bytes a neighbour
///     offsets   8 bytes a point: the changelog offset that gave the point its vector
///     keys      a point: 4 bytes node, 4 bytes byte count of the key, the key
///     order     4 bytes a point: the points by key, equal keys by number
///     attributes  an attribute: 4 bytes count of distinct values; for each, ascending, 4 bytes
///               byte count and the value, empty for null; then 4 bytes a point, the number of its
///               value
enum VectorSegmentFormat {
    static let magic = Array("WTVECSEG".utf8)
    static let versions: ClosedRange<UInt32> = 1...2
    static let quantizations: [VectorQuantization] = [.none, .int8]
    static let attributeLimit = 64
    static let distances: [VectorDistance] = [.squaredEuclidean, .cosine, .innerProduct]
    /// What a reader accepts at most, so that a damaged header cannot ask for absurd amounts.
    static let dimensionLimit = 65_536
    static let degreeLimits = 2...256
    static let breadthLimits = 1...1_000_000
}

extension VectorSegment {
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 { crc32c(bytes) }

    /// The bytes of the segment's object.
    func encoded() -> [UInt8] {
        let graph = points.graph
        var writer = ByteWriter(
            capacity: graph.count * (graph.dimension * 4 + graph.degree * 8) + points.count * 32)
        writer.append(VectorSegmentFormat.magic)
        let isPlain = graph.quantization == .none && points.attributes.isEmpty
        writer.append(littleEndian: isPlain ? 1 : 2 as UInt32)
        let distance = VectorSegmentFormat.distances.firstIndex(of: graph.distance)!
        for number in [
            distance, graph.dimension, graph.degree, graph.breadth, graph.count, points.count,
        ] {
            writer.append(littleEndian: UInt32(number))
        }
        writer.append(littleEndian: graph.entry)
        if !isPlain {
            let quantization = VectorSegmentFormat.quantizations.firstIndex(of: graph.quantization)
            writer.append(littleEndian: UInt32(quantization!))
            writer.append(littleEndian: UInt32(points.attributes.count))
        }
        writer.append(littleEndian: VectorSegment.checksum(writer.bytes[...]))
        appendSection(&writer, writeVectors)
        appendSection(&writer, writeGraph)
        appendSection(&writer) { writer in
            for offset in points.offsets { writer.append(littleEndian: offset) }
        }
        appendSection(&writer) { writer in
            for point in 0..<points.count {
                writer.append(littleEndian: points.nodes[point])
                writer.append(littleEndian: UInt32(points.keys[point].count))
                writer.append(points.keys[point])
            }
        }
        appendSection(&writer) { writer in
            for point in order { writer.append(littleEndian: point) }
        }
        if !isPlain { appendSection(&writer, writeAttributes) }
        return writer.bytes
    }

    private func appendSection(_ writer: inout ByteWriter, _ write: (inout ByteWriter) -> Void) {
        let start = writer.count
        writer.append(zeros: 12)
        write(&writer)
        let content = writer.bytes[(start + 12)...]
        writer.replace(at: start, littleEndian: UInt64(content.count))
        writer.replace(at: start + 8, littleEndian: VectorSegment.checksum(content))
    }

    private func writeVectors(_ writer: inout ByteWriter) {
        let graph = points.graph
        for node in 0..<Int32(graph.count) {
            let vector = graph.kept(node)
            switch graph.quantization {
            case .none:
                for element in vector.floats.prefix(graph.dimension) {
                    writer.append(float: element)
                }
            case .int8:
                writer.append(float: vector.scale)
                for code in vector.codes.prefix(graph.dimension) {
                    writer.append(byte: UInt8(bitPattern: Int8(code)))
                }
            }
        }
    }

    private func writeAttributes(_ writer: inout ByteWriter) {
        for column in points.attributes {
            precondition(column.isSorted, "attributes of a segment are in order")
            writer.append(littleEndian: UInt32(column.values.count))
            for value in column.values {
                writer.append(littleEndian: UInt32(value.count))
                writer.append(value)
            }
            for number in column.numbers { writer.append(littleEndian: number) }
        }
    }

    private func writeGraph(_ writer: inout ByteWriter) {
        let graph = points.graph
        for node in 0..<Int32(graph.count) {
            let level = graph.levels.base[Int(node)]
            writer.append(byte: level)
            for layer in 0...Int(level) {
                let links = graph.links(node, layer)
                writer.append(littleEndian: UInt16(links[0]))
                for index in 0..<Int(links[0]) { writer.append(littleEndian: links[1 + index]) }
            }
        }
    }
}
