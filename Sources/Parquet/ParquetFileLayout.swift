import Columnar

/// A column of a file that has a counterpart here, and where its values stand.
struct ParquetLeaf: Hashable {
    var column: ParquetColumn
    /// Which chunk of each row group is its.
    var chunkIndex: Int
    var path: [String]
    var layout: LeafLayout
}

/// What a footer says of a file's columns.
struct ParquetFileLayout {
    var leaves: [ParquetLeaf] = []
    /// The names of top-level columns of types without a counterpart here.
    var skipped: [String] = []
    var chunkCount = 0

    /// `dimensions` gives the lengths of vectors by field id, or by name where there are no ids.
    init(
        _ metadata: FileMetadata, expected: ParquetSchema?
    ) throws(ColumnarError) {
        guard let root = metadata.elements.first, root.type == nil, let children = root.childCount
        else { throw .corrupt(reason: "a Parquet file without schema", position: 0) }
        let hasIdentifiers = metadata.elements.contains { $0.identifier != nil }
        var walk = SchemaWalk(elements: metadata.elements)
        for ordinal in 0..<Int(max(0, children)) {
            let start = walk.position
            let firstChunk = walk.leafCount
            try walk.skipSubtree()
            let subtree = metadata.elements[start..<walk.position]
            guard let element = subtree.first else { continue }
            let fallback = hasIdentifiers ? -Int32(ordinal) - 1 : Int32(ordinal) + 1
            let leaf = Self.leaf(
                Array(subtree), chunkIndex: firstChunk, fallback: fallback, metadata, expected)
            if let leaf { leaves.append(leaf) } else { skipped.append(element.name) }
        }
        guard walk.position == metadata.elements.count else {
            throw .corrupt(reason: "the Parquet schema has stray columns", position: 0)
        }
        chunkCount = walk.leafCount
        do {
            _ = try Schema(
                validating: leaves.map {
                    Field(
                        identifier: $0.column.identifier, name: $0.column.name,
                        type: $0.column.type)
                })
        } catch {
            throw .unsupported(reason: "a Parquet schema of which \(error)")
        }
    }

    /// Nil if the column has no counterpart.
    private static func leaf(
        _ elements: [SchemaElement], chunkIndex: Int, fallback: Int32, _ metadata: FileMetadata,
        _ expected: ParquetSchema?
    ) -> ParquetLeaf? {
        let top = elements[0]
        // 0 stands for none, here as in a schema.
        let identifier = top.identifier.flatMap { $0 == 0 ? nil : $0 } ?? fallback
        var column = ParquetColumn(
            identifier: identifier, name: top.name, type: .boolean,
            isRequired: top.repetition == .required)
        if top.repetition == .repeated || top.repetition == nil { return nil }
        if let layout = LeafLayout(top), elements.count == 1 {
            column.type = layout.type
            return ParquetLeaf(
                column: column, chunkIndex: chunkIndex, path: [top.name], layout: layout)
        }
        let isList = top.logicalType == .list || top.convertedType == ConvertedType.list
        guard isList, elements.count == 3, elements[1].repetition == .repeated,
            elements[1].type == nil, elements[2].type == .float,
            elements[2].repetition == .required || elements[2].repetition == .optional
        else { return nil }
        let wanted = expected?.columns.first {
            top.identifier == nil ? $0.name == top.name : $0.identifier == identifier
        }
        let key = ParquetFormat.dimensionKey + "\(identifier)"
        let stored = metadata.keyValues.first { $0.key == key }.flatMap { Int($0.value) }
        let dimension: Int
        if case .vector(let expectedDimension, _) = wanted?.type {
            dimension = expectedDimension
        } else if let stored, (1...1 << 20).contains(stored) {
            dimension = stored
        } else {
            return nil
        }
        column.type = .vector(
            dimension: dimension, elementIdentifier: elements[2].identifier ?? 0)
        column.isElementRequired = elements[2].repetition == .required
        return ParquetLeaf(
            column: column, chunkIndex: chunkIndex, path: elements.map(\.name),
            layout: LeafLayout(
                physical: .float, typeLength: 0, factor: 1, type: .float))
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

extension LeafLayout {
    /// Nil if the element has no counterpart.
    init?(_ element: SchemaElement) {
        guard let physical = element.type else { return nil }
        self.physical = physical
        factor = 1
        typeLength = 0
        if physical == .fixedLengthByteArray {
            guard let length = element.typeLength, (1...1 << 16).contains(length) else {
                return nil
            }
            typeLength = Int(length)
        }
        guard let type = Self.type(element, physical) else { return nil }
        self.type = type
        if case .timestamp(_, let unit) = element.logicalType {
            guard unit == 1 || unit == 2 else { return nil }
            factor = unit == 1 ? 1000 : 1
        } else if element.convertedType == ConvertedType.timestampMicros - 1 {
            factor = 1000
        }
    }

    private static func type(_ element: SchemaElement, _ physical: PhysicalType) -> DataType? {
        if let decimal = decimal(element) {
            let isNumber = physical != .boolean && physical != .float && physical != .double
            return isNumber && physical != .int96 ? decimal : nil
        }
        let converted = element.convertedType
        switch (physical, element.logicalType) {
        case (.boolean, nil): return .boolean
        case (.float, nil): return .float
        case (.double, nil): return .double
        case (.int32, .date): return .date
        case (.int32, .integer(_, let isSigned)): return isSigned ? .int : nil
        case (.int64, .integer(_, let isSigned)): return isSigned ? .bigint : nil
        case (.int64, .timestamp(let isAdjustedToUTC, _)):
            return isAdjustedToUTC ? .timestampLTZ(precision: 6) : .timestamp(precision: 6)
        case (.byteArray, .string): return .string
        case (.fixedLengthByteArray, nil): return .bytes
        case (_, .some): return nil
        case (.int32, nil):
            if converted == ConvertedType.date { return .date }
            let isSigned = (ConvertedType.int8...ConvertedType.int64).contains(converted ?? 15)
            return isSigned ? .int : nil
        case (.int64, nil):
            if let converted, (9...10).contains(converted) { return .timestampLTZ(precision: 6) }
            return converted == nil || converted == ConvertedType.int64 ? .bigint : nil
        case (.byteArray, nil):
            switch converted {
            case nil: return .bytes
            case ConvertedType.utf8, ConvertedType.enumeration, ConvertedType.json: return .string
            default: return nil
            }
        case (.int96, nil): return nil
        }
    }

    private static func decimal(_ element: SchemaElement) -> DataType? {
        var (precision, scale): (Int32, Int32) = (0, 0)
        if case .decimal(let digits, let fraction) = element.logicalType {
            (precision, scale) = (digits, fraction)
        } else if element.convertedType == ConvertedType.decimal {
            (precision, scale) = (element.precision ?? 0, element.scale ?? 0)
        }
        guard (1...18).contains(precision), (0...precision).contains(scale) else { return nil }
        return .decimal(precision: Int(precision), scale: Int(scale))
    }
}
