import Columnar

/// The entries of a leaf in one row group.
struct LeafEntries {
    /// The values that are there, in order.
    var values: PlainValues
    /// The definition level of each entry; nil if all have a value.
    var definitions: [UInt32]?
    /// The repetition level of each entry; nil if no list stands above the leaf.
    var repetitions: [UInt32]?
    var count: Int
}

/// The entries of a leaf that a column is taken apart into.
struct ShreddedLeaf {
    var leaf: ParquetLeaf
    /// The leaf's values, also those that no entry has.
    var vector: ColumnVector
    /// For each entry its value's place in `vector`, -1 for none; nil if the entries are the
    /// vector's values and nulls one by one.
    var positions: [Int32]?
    var definitions: [UInt32]?
    var repetitions: [UInt32]?

    var entryCount: Int { positions?.count ?? vector.count }

    /// The values that entries have, in their order.
    var present: ColumnVector {
        guard let positions else { return vector }
        var builder = ColumnVectorBuilder(type: vector.type, capacity: positions.count)
        for position in positions where position >= 0 {
            do { try builder.appendRow(Int(position), of: vector) } catch {
                preconditionFailure("a part is larger than its whole: \(error)")
            }
        }
        return builder.finish()
    }
}

extension ParquetNode {
    /// Takes a column apart into its leaves.
    func shred(_ column: ColumnVector) -> [ShreddedLeaf] {
        if case .leaf(let leaf) = shape {
            var definitions: [UInt32]?
            if column.nullCount > 0 {
                definitions = (0..<column.count).map {
                    column.isNull(at: $0) ? leaf.definition - 1 : leaf.definition
                }
            }
            return [
                ShreddedLeaf(
                    leaf: leaf, vector: column, definitions: definitions, repetitions: nil)
            ]
        }
        var leaves: [ShreddedLeaf] = []
        let entries = Entries(
            positions: (0..<Int32(column.count)).map { $0 },
            definitions: [UInt32](repeating: 0, count: column.count),
            repetitions: [UInt32](repeating: 0, count: column.count))
        shred(column, entries, into: &leaves)
        return leaves
    }

    /// What is known of a leaf's entries on the way down to it.
    private struct Entries {
        /// Where in the vector of the node; -1 where something above is null or empty.
        var positions: [Int32]
        var definitions: [UInt32]
        var repetitions: [UInt32]
    }

    private func shred(
        _ vector: ColumnVector, _ above: Entries, into leaves: inout [ShreddedLeaf]
    ) {
        var entries = above
        for index in entries.positions.indices where entries.positions[index] >= 0 {
            if vector.isNull(at: Int(entries.positions[index])) {
                precondition(field.isNullable, "field \(field.name) is null")
                entries.positions[index] = -1
                entries.definitions[index] = definition - 1
            } else {
                entries.definitions[index] = definition
            }
        }
        switch shape {
        case .leaf(let leaf):
            leaves.append(
                ShreddedLeaf(
                    leaf: leaf, vector: vector, positions: entries.positions,
                    definitions: entries.definitions,
                    repetitions: repetition > 0 ? entries.repetitions : nil))
        case .record(let children):
            for (child, node) in zip(vector.children, children) {
                node.shred(child, entries, into: &leaves)
            }
        case .list(let element):
            let expanded = expand(entries, of: vector)
            element.shred(vector.elements, expanded, into: &leaves)
        case .map(let key, let value):
            let expanded = expand(entries, of: vector)
            key.shred(vector.children[0], expanded, into: &leaves)
            value.shred(vector.children[1], expanded, into: &leaves)
        }
    }

    /// An entry for each element of a list, and one for a list of none.
    private func expand(_ entries: Entries, of vector: ColumnVector) -> Entries {
        var expanded = Entries(positions: [], definitions: [], repetitions: [])
        for index in entries.positions.indices {
            let position = entries.positions[index]
            let elements = position < 0 ? 0..<0 : vector.elementRange(ofList: Int(position))
            guard !elements.isEmpty else {
                expanded.positions.append(-1)
                expanded.definitions.append(entries.definitions[index])
                expanded.repetitions.append(entries.repetitions[index])
                continue
            }
            for element in elements {
                expanded.positions.append(Int32(element))
                expanded.definitions.append(definition + 1)
                expanded.repetitions.append(
                    element == elements.lowerBound ? entries.repetitions[index] : repetition + 1)
            }
        }
        return expanded
    }
}

extension ColumnVector {
    /// The elements of an array's or vector's column.
    fileprivate var elements: ColumnVector {
        guard case .floats(let dimension) = storage else { return children[0] }
        do {
            return try ColumnVector(
                type: .float, count: count * dimension, validity: [], offsets: [], data: data)
        } catch {
            preconditionFailure("the elements of a vector are floats: \(error)")
        }
    }

    fileprivate func elementRange(ofList position: Int) -> Range<Int> {
        if case .floats(let dimension) = storage {
            return position * dimension..<(position + 1) * dimension
        }
        return elementRange(at: position)
    }
}
