import Columnar

/// Puts a column together from the entries of its leaves.
struct ColumnAssembler {
    /// For each leaf of the column, by its chunk.
    let entries: [Int: LeafEntries]
    let rowCount: Int

    /// The column of a top-level node; `ColumnarError.corrupt` if the entries contradict each
    /// other.
    func assemble(_ node: ParquetNode) throws(ColumnarError) -> ColumnVector {
        let column = try vector(node)
        guard column.count == rowCount else {
            throw .corrupt(
                reason: "column \(node.field.name) has \(column.count) rows, not \(rowCount)",
                position: 0)
        }
        return column
    }

    private func vector(_ node: ParquetNode) throws(ColumnarError) -> ColumnVector {
        switch node.shape {
        case .leaf(let leaf): return try self.leaf(node, leaf)
        case .record(let nodes):
            let slots = try slots(node)
            var children: [ColumnVector] = []
            for node in nodes { children.append(try vector(node)) }
            return try ColumnVector(
                type: node.field.type, count: slots.count, validity: slots.validity, offsets: [],
                data: [], children: children)
        case .list(let element):
            let slots = try slots(node, countingElements: true)
            let child = try vector(element)
            if case .vector(let dimension, _) = node.field.type {
                return try vectors(node, slots, child, dimension)
            }
            return try ColumnVector(
                type: node.field.type, count: slots.count, validity: slots.validity,
                offsets: slots.offsets, data: [], children: [child])
        case .map(let key, let value):
            let slots = try slots(node, countingElements: true)
            return try ColumnVector(
                type: node.field.type, count: slots.count, validity: slots.validity,
                offsets: slots.offsets, data: [], children: [vector(key), vector(value)])
        }
    }

    private struct Slots {
        var count = 0
        var validity: [UInt8] = []
        /// Of the elements of a list, if they are counted.
        var offsets: [Int32] = []
    }

    private func entries(of leaf: ParquetLeaf) throws(ColumnarError) -> LeafEntries {
        guard let entries = entries[leaf.chunkIndex] else {
            throw .corrupt(reason: "column \(leaf.name) was not read", position: 0)
        }
        return entries
    }

    /// Which places a node has and which of them are null, as its first leaf tells it.
    private func slots(
        _ node: ParquetNode, countingElements: Bool = false
    ) throws(ColumnarError) -> Slots {
        let leaf = node.leaves[0]
        let entries = try entries(of: leaf)
        var slots = Slots()
        var nulls: [Int] = []
        var elementCount: Int32 = 0
        for entry in 0..<entries.count {
            let definition = entries.definitions?[entry] ?? leaf.definition
            let repetition = entries.repetitions?[entry] ?? 0
            if repetition <= node.repetition && definition >= node.slotDefinition {
                if definition < node.definition { nulls.append(slots.count) }
                if countingElements { slots.offsets.append(elementCount) }
                slots.count += 1
            }
            if countingElements && repetition <= node.repetition + 1
                && definition > node.definition
            {
                guard slots.count > 0 else {
                    throw .corrupt(
                        reason: "an element before the first list of \(leaf.name)", position: 0)
                }
                elementCount += 1
            }
        }
        if countingElements { slots.offsets.append(elementCount) }
        if !nulls.isEmpty {
            slots.validity = [UInt8](repeating: 0xFF, count: (slots.count + 7) / 8)
            for slot in nulls { slots.validity[slot >> 3] &= ~(1 << UInt8(slot & 7)) }
        }
        return slots
    }

    private func vectors(
        _ node: ParquetNode, _ slots: Slots, _ elements: ColumnVector, _ dimension: Int
    ) throws(ColumnarError) -> ColumnVector {
        if elements.nullCount > 0 {
            throw .unsupported(reason: "a null element in a vector of column \(node.field.name)")
        }
        let isNull = { (slot: Int) in
            !slots.validity.isEmpty && slots.validity[slot >> 3] >> UInt8(slot & 7) & 1 == 0
        }
        var data = [UInt8]()
        if slots.validity.isEmpty { data = elements.data }
        for slot in 0..<slots.count {
            let range = Int(slots.offsets[slot])..<Int(slots.offsets[slot + 1])
            guard range.count == (isNull(slot) ? 0 : dimension) else {
                throw .unsupported(
                    reason: "column \(node.field.name) has a vector of \(range.count) elements, "
                        + "not of \(dimension)")
            }
            if slots.validity.isEmpty { continue }
            if range.isEmpty {
                data.append(contentsOf: repeatElement(0, count: dimension * 4))
            } else {
                data.append(contentsOf: elements.data[range.lowerBound * 4..<range.upperBound * 4])
            }
        }
        return try ColumnVector(
            type: node.field.type, count: slots.count, validity: slots.validity, offsets: [],
            data: data)
    }

    // MARK: Leaves

    private func leaf(
        _ node: ParquetNode, _ leaf: ParquetLeaf
    ) throws(ColumnarError) -> ColumnVector {
        let entries = try entries(of: leaf)
        var isPresent: [Bool]?
        if let definitions = entries.definitions {
            // Most columns have a place for each entry.
            isPresent =
                node.slotDefinition == 0
                ? definitions.map { $0 == leaf.definition }
                : definitions.lazy.filter { $0 >= node.slotDefinition }.map {
                    $0 == leaf.definition
                }
        }
        let count = isPresent?.count ?? entries.count
        let type = node.field.type
        guard let isPresent, isPresent.contains(false) else {
            switch entries.values {
            case .fixed(_, let bytes):
                return try ColumnVector(
                    type: type, count: count, validity: [], offsets: [], data: bytes)
            case .flags(let flags):
                return try ColumnVector(
                    type: type, count: count, validity: [], offsets: [], data: Self.pack(flags))
            case .variable(let offsets, let bytes):
                return try ColumnVector(
                    type: type, count: count, validity: [], offsets: offsets, data: bytes)
            }
        }
        return try spread(entries.values, isPresent, type)
    }

    private func spread(
        _ values: PlainValues, _ isPresent: [Bool], _ type: DataType
    ) throws(ColumnarError) -> ColumnVector {
        var data: [UInt8] = []
        var offsets: [Int32] = []
        var next = 0
        switch values {
        case .fixed(let width, let bytes):
            data.reserveCapacity(isPresent.count * width)
            for flag in isPresent {
                if flag {
                    data.append(contentsOf: bytes[next * width..<(next + 1) * width])
                    next += 1
                } else {
                    data.append(contentsOf: repeatElement(0, count: width))
                }
            }
        case .flags(let flags):
            var spread = [UInt8](repeating: 0, count: isPresent.count)
            for position in isPresent.indices where isPresent[position] {
                spread[position] = flags[next]
                next += 1
            }
            data = Self.pack(spread)
        case .variable(let valueOffsets, let bytes):
            data = bytes
            offsets.reserveCapacity(isPresent.count + 1)
            offsets.append(valueOffsets[0])
            for flag in isPresent {
                if flag { next += 1 }
                offsets.append(valueOffsets[next])
            }
        }
        return try ColumnVector(
            type: type, count: isPresent.count, validity: Self.pack(isPresent.map { $0 ? 1 : 0 }),
            offsets: offsets, data: data)
    }

    private static func pack(_ flags: [UInt8]) -> [UInt8] {
        var bits = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
        for (position, flag) in flags.enumerated() {
            bits[position >> 3] |= flag << UInt8(position & 7)
        }
        return bits
    }
}
