import Columnar

/// A column, or a field nested in one, as the tree of a file's schema has it.
///
/// Levels are those of Dremel (Melnik et al. 2010): each entry of a leaf says at which of the lists
/// above it a new element begins (repetition) and how many of the optional and repeated steps down
/// to it are there (definition).
struct ParquetNode: Hashable, Sendable {
    /// Of the type that the node's values have in memory.
    var field: Field
    /// The definition level from which on the node is there and not null.
    var definition: UInt32
    /// The definition level from which on it has a place, if only for null: 0, or that of an
    /// element of the innermost list above it.
    var slotDefinition: UInt32
    /// How many lists stand above it.
    var repetition: UInt32
    var shape: Shape

    indirect enum Shape: Hashable, Sendable {
        case leaf(ParquetLeaf)
        /// Also of a vector.
        case list(ParquetNode)
        case map(ParquetNode, ParquetNode)
        case record([ParquetNode])
    }

    var children: [ParquetNode] {
        switch shape {
        case .leaf: []
        case .list(let element): [element]
        case .map(let key, let value): [key, value]
        case .record(let fields): fields
        }
    }

    /// The leaves, in the file's order.
    var leaves: [ParquetLeaf] {
        if case .leaf(let leaf) = shape { return [leaf] }
        return children.flatMap(\.leaves)
    }

    /// The node if it is a leaf that no list stands above.
    var flatLeaf: ParquetLeaf? {
        if case .leaf(let leaf) = shape, repetition == 0 { return leaf }
        return nil
    }
}

/// Where the values of a column's leaf stand, and how.
struct ParquetLeaf: Hashable, Sendable {
    /// The field's identifier; 0 or less if it has none.
    var identifier: Int32
    /// The names on the way from the root.
    var path: [String]
    var layout: LeafLayout
    /// Which chunk of each row group is its.
    var chunkIndex: Int
    /// The definition level of an entry with a value.
    var definition: UInt32
    var repetition: UInt32

    var name: String { path.joined(separator: ".") }
}

// MARK: - For writing

extension ParquetNode {
    /// The tree that a field is written as; `chunkIndex` counts leaves.
    init(writing field: Field, chunkIndex: inout Int) {
        self.init(
            field, path: [], definition: 0, slotDefinition: 0, repetition: 0,
            chunkIndex: &chunkIndex)
    }

    private init(
        _ field: Field, path: [String], definition: UInt32, slotDefinition: UInt32,
        repetition: UInt32, chunkIndex: inout Int
    ) {
        let own = definition + (field.isNullable ? 1 : 0)
        self.init(
            field: field, definition: own, slotDefinition: slotDefinition, repetition: repetition,
            shape: .record([]))
        let path = path + [field.name]
        func child(_ field: Field, in group: String) -> ParquetNode {
            ParquetNode(
                field, path: path + [group], definition: own + 1, slotDefinition: own + 1,
                repetition: repetition + 1, chunkIndex: &chunkIndex)
        }
        switch field.type {
        case .vector(_, let element):
            let element = Field(
                identifier: element, name: "element", type: .float, isNullable: false)
            shape = .list(child(element, in: "list"))
        case .array: shape = .list(child(field.type.children[0], in: "list"))
        case .map:
            let key = child(field.type.children[0], in: "key_value")
            shape = .map(key, child(field.type.children[1], in: "key_value"))
        case .row(let row):
            var children: [ParquetNode] = []
            for child in row.fields {
                children.append(
                    ParquetNode(
                        child, path: path, definition: own, slotDefinition: slotDefinition,
                        repetition: repetition, chunkIndex: &chunkIndex))
            }
            shape = .record(children)
        default:
            shape = .leaf(
                ParquetLeaf(
                    identifier: field.identifier, path: path, layout: LeafLayout(field.type),
                    chunkIndex: chunkIndex, definition: own, repetition: repetition))
            chunkIndex += 1
        }
    }

    /// The elements of the schema tree that describe the node, parents first.
    var schemaElements: [SchemaElement] {
        var element = SchemaElement(
            repetition: field.isNullable ? .optional : .required, name: field.name,
            identifier: field.identifier == 0 ? nil : field.identifier)
        switch shape {
        case .leaf(let leaf):
            leaf.layout.describe(&element)
            return [element]
        case .list(let child):
            element.childCount = 1
            (element.convertedType, element.logicalType) = (ConvertedType.list, .list)
            let group = SchemaElement(repetition: .repeated, name: "list", childCount: 1)
            return [element, group] + child.schemaElements
        case .map(let key, let value):
            element.childCount = 1
            (element.convertedType, element.logicalType) = (ConvertedType.map, .map)
            let group = SchemaElement(repetition: .repeated, name: "key_value", childCount: 2)
            return [element, group] + key.schemaElements + value.schemaElements
        case .record(let children):
            element.childCount = Int32(children.count)
            return [element] + children.flatMap(\.schemaElements)
        }
    }
}
