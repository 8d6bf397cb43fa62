import Columnar

/// What a footer says of a file's columns.
struct ParquetFileLayout {
    /// The columns that have a counterpart here, in the file's order.
    var nodes: [ParquetNode] = []
    /// The names of top-level columns of types without a counterpart here.
    var skipped: [String] = []
    var chunkCount = 0

    /// `expected` gives the lengths of vectors by field id, or by name where there are no ids.
    init(
        _ metadata: FileMetadata, expected: ParquetSchema?
    ) throws(ColumnarError) {
        guard let root = metadata.elements.first, root.type == nil, let children = root.childCount
        else { throw .corrupt(reason: "a Parquet file without schema", position: 0) }
        let hasIdentifiers = metadata.elements.contains { $0.hasIdentifier }
        var walk = SchemaWalk(elements: metadata.elements)
        var fields: [Field] = []
        for ordinal in 0..<Int(max(0, children)) {
            let start = walk.position
            let firstChunk = walk.leafCount
            try walk.skipSubtree()
            let subtree = Array(metadata.elements[start..<walk.position])
            guard let element = subtree.first else { continue }
            var reader = NodeReader(
                elements: subtree, chunkIndex: firstChunk,
                identifier: hasIdentifiers ? -Int32(ordinal) - 1 : Int32(ordinal) + 1)
            guard var node = reader.node() else {
                skipped.append(element.name)
                continue
            }
            node.takeDimension(metadata, expected)
            nodes.append(node)
            fields.append(node.field)
        }
        guard walk.position == metadata.elements.count else {
            throw .corrupt(reason: "the Parquet schema has stray columns", position: 0)
        }
        chunkCount = walk.leafCount
        do {
            // Nested fields without an identifier get one.
            let schema = try Schema(validating: fields)
            for index in nodes.indices { nodes[index].retype(schema.fields[index]) }
        } catch {
            throw .unsupported(reason: "a Parquet schema of which \(error)")
        }
    }
}

extension SchemaElement {
    /// 0 stands for none, here as in a schema.
    fileprivate var hasIdentifier: Bool { (identifier ?? 0) != 0 }
}

extension ParquetNode {
    /// Makes a list of floats a vector, if somebody knows its length.
    fileprivate mutating func takeDimension(
        _ metadata: FileMetadata, _ expected: ParquetSchema?
    ) {
        guard case .array(let array) = field.type, array.element == .float else { return }
        let wanted = expected?.columns.first {
            field.identifier < 0 ? $0.name == field.name : $0.identifier == field.identifier
        }
        let key = ParquetFormat.dimensionKey + "\(field.identifier)"
        let stored = metadata.keyValues.first { $0.key == key }.flatMap { Int($0.value) }
        let dimension: Int
        if let wanted {
            guard case .vector(let length, _) = wanted.type else { return }
            dimension = length
        } else if let stored, (1...TypeLimit.dimension).contains(stored) {
            dimension = stored
        } else {
            return
        }
        field.type = .vector(
            dimension: dimension, elementIdentifier: max(0, array.elementIdentifier))
    }

    /// Takes identifiers over into the fields of the tree.
    fileprivate mutating func retype(_ new: Field) {
        field = new
        if case .vector = new.type { return }
        let fields = new.type.children
        switch shape {
        case .leaf: break
        case .list(var element):
            element.retype(fields[0])
            shape = .list(element)
        case .map(var key, var value):
            key.retype(fields[0])
            value.retype(fields[1])
            shape = .map(key, value)
        case .record(var children):
            for index in children.indices { children[index].retype(fields[index]) }
            shape = .record(children)
        }
    }
}

/// Goes through the schema's tree, which stands in the footer parents first.
private struct SchemaWalk {
    let elements: [SchemaElement]
    var position = 1
    var leafCount = 0

    /// Moves over one element and all below it, without recursion over what nobody vouches for.
    mutating func skipSubtree() throws(ColumnarError) {
        var pending = 1
        while pending > 0 {
            guard position < elements.count else {
                throw .corrupt(reason: "the Parquet schema is cut", position: 0)
            }
            let element = elements[position]
            position += 1
            pending -= 1
            if element.type != nil {
                leafCount += 1
            } else {
                guard let children = element.childCount, children >= 0,
                    Int(children) <= elements.count
                else { throw .corrupt(reason: "a Parquet group without children", position: 0) }
                pending += Int(children)
            }
        }
    }
}

/// Reads the subtree of a column, whose extent is known to be sound.
private struct NodeReader {
    let elements: [SchemaElement]
    var chunkIndex: Int
    /// For a column that has none.
    let identifier: Int32
    private var position = 0

    init(elements: [SchemaElement], chunkIndex: Int, identifier: Int32) {
        self.elements = elements
        self.chunkIndex = chunkIndex
        self.identifier = identifier
    }

    /// Where a node stands in the tree.
    private struct Place {
        var path: [String] = []
        var definition: UInt32 = 0
        var slotDefinition: UInt32 = 0
        var repetition: UInt32 = 0
        var depth = 1
    }

    /// The column; nil if it has no counterpart.
    mutating func node() -> ParquetNode? {
        guard var node = node(Place()) else { return nil }
        if !elements[0].hasIdentifier { node.field.identifier = identifier }
        if case .leaf(var leaf) = node.shape {
            leaf.identifier = node.field.identifier
            node.shape = .leaf(leaf)
        }
        return node
    }

    private mutating func node(_ place: Place, isElement: Bool = false) -> ParquetNode? {
        guard position < elements.count, place.depth <= TypeLimit.depth else { return nil }
        let element = elements[position]
        position += 1
        let isOptional = element.repetition == .optional
        guard isOptional || element.repetition == .required || isElement else { return nil }
        var node = ParquetNode(
            field: Field(
                identifier: element.identifier ?? 0, name: element.name, type: .boolean,
                isNullable: isOptional),
            definition: place.definition + (isOptional ? 1 : 0),
            slotDefinition: place.slotDefinition, repetition: place.repetition,
            shape: .record([]))
        let path = place.path + [element.name]
        if element.type != nil {
            guard let layout = LeafLayout(element) else { return nil }
            node.field.type = layout.type
            node.shape = .leaf(
                ParquetLeaf(
                    identifier: element.identifier ?? 0, path: path, layout: layout,
                    chunkIndex: chunkIndex, definition: node.definition,
                    repetition: place.repetition))
            chunkIndex += 1
            return node
        }
        let isList =
            element.logicalType == .list || element.convertedType == ConvertedType.list
        let isMap =
            element.logicalType == .map || element.convertedType == ConvertedType.map
            || element.convertedType == ConvertedType.mapKeyValue
        if isList && !isElement { return list(node, element, path, place) }
        if isMap && !isElement { return map(node, element, path, place) }
        return record(node, element, path, place)
    }

    private mutating func record(
        _ node: ParquetNode, _ element: SchemaElement, _ path: [String], _ place: Place
    ) -> ParquetNode? {
        var node = node
        var children: [ParquetNode] = []
        for _ in 0..<(element.childCount ?? 0) {
            let inner = Place(
                path: path, definition: node.definition, slotDefinition: node.slotDefinition,
                repetition: node.repetition, depth: place.depth + 1)
            guard let child = self.node(inner) else { return nil }
            children.append(child)
        }
        if children.isEmpty { return nil }
        node.field.type = .row(RowType(children.map(\.field)))
        node.shape = .record(children)
        return node
    }

    /// The place of what a list or map repeats.
    private func inner(
        _ node: ParquetNode, _ path: [String], _ place: Place
    ) -> Place {
        Place(
            path: path, definition: node.definition + 1, slotDefinition: node.definition + 1,
            repetition: node.repetition + 1, depth: place.depth + 1)
    }

    private mutating func list(
        _ node: ParquetNode, _ element: SchemaElement, _ path: [String], _ place: Place
    ) -> ParquetNode? {
        guard element.childCount == 1, position < elements.count else { return nil }
        let group = elements[position]
        guard group.repetition == .repeated else { return nil }
        // The rules of the format for lists of two levels, from before it had three.
        let isElement =
            group.type != nil || group.childCount != 1 || group.name == "array"
            || group.name == element.name + "_tuple"
        let child: ParquetNode?
        if isElement {
            child = self.node(inner(node, path, place), isElement: true)
        } else {
            position += 1
            child = self.node(inner(node, path + [group.name], place))
        }
        guard let child else { return nil }
        var node = node
        node.field.type = .array(
            ArrayType(
                child.field.type, isNullable: child.field.isNullable,
                identifier: child.field.identifier))
        node.shape = .list(child)
        return node
    }

    private mutating func map(
        _ node: ParquetNode, _ element: SchemaElement, _ path: [String], _ place: Place
    ) -> ParquetNode? {
        guard element.childCount == 1, position < elements.count else { return nil }
        let group = elements[position]
        guard group.repetition == .repeated, group.type == nil, group.childCount == 2 else {
            return nil
        }
        position += 1
        guard var key = self.node(inner(node, path + [group.name], place)),
            let value = self.node(inner(node, path + [group.name], place)),
            !key.field.type.isNested
        else { return nil }
        // Some writers declare keys as optional, which the format does not allow.
        key.field.isNullable = false
        var node = node
        node.field.type = .map(
            MapType(
                key.field.type, value.field.type, isNullable: value.field.isNullable,
                keyIdentifier: key.field.identifier, valueIdentifier: value.field.identifier))
        node.shape = .map(key, value)
        return node
    }
}
