/// How rows that were written under one schema are seen under another.
///
/// Fields are matched by identifier at every level of nesting: what the writer did not have is
/// null, what the reader does not have is left out, names and order do not matter. A value keeps
/// its type or widens: tinyint to smallint to int to bigint, float to double, decimal to more
/// digits of the same scale, char to longer char or string, binary(n) to bytes.
public struct SchemaEvolution: Hashable, Sendable {
    public let writer: Schema
    public let reader: Schema
    private let steps: [Step]

    /// Where a reader's field comes from.
    fileprivate enum Step: Hashable, Sendable {
        /// Null in each row.
        case absent
        case same(Int)
        case changed(Int, Change)
    }

    /// How a value becomes one of another type.
    fileprivate indirect enum Change: Hashable, Sendable {
        /// The value as it is, under a type that holds more.
        case none
        /// Of an integer, if it fits.
        case integer
        case double
        /// Of a time to another unit, if it can be said there.
        case unit(from: TimeUnit, to: TimeUnit)
        /// A text or bytes, if it is of the type's length.
        case checked
        /// Bytes as the type has them.
        case bytes
        /// A list of floats, if it is of the vector's length.
        case vector
        case elements(Change)
        case values(Change)
        case fields([Step])
    }

    /// Throws `ColumnarError.unsupported`, naming the field, if a type was changed as none may be,
    /// or a field that must not be null was not written.
    public init(from writer: Schema, to reader: Schema) throws(ColumnarError) {
        try self.init(from: writer, to: reader, isStored: false)
    }

    /// As `init(from:to:)` for rows out of files, whose format has fewer types than a table: an int
    /// may be a tinyint again, bytes a uuid, a list of floats a vector, a time one of another unit.
    ///
    /// A value that does not fit is `ColumnarError.unsupported`.
    public init(fromStored writer: Schema, to reader: Schema) throws(ColumnarError) {
        try self.init(from: writer, to: reader, isStored: true)
    }

    private init(
        from writer: Schema, to reader: Schema, isStored: Bool
    ) throws(ColumnarError) {
        self.writer = writer
        self.reader = reader
        steps = try Matching(isStored: isStored).steps(
            from: writer.fields, to: reader.fields, in: "")
    }

    /// Whether all rows stay as they are.
    public var isIdentity: Bool {
        writer.fields.count == reader.fields.count
            && steps == reader.fields.indices.map { Step.same($0) }
    }

    /// A row of the writer's schema under the reader's.
    ///
    /// Precondition: it has as many values as the writer's schema has fields.
    public func row(_ row: Row) throws(ColumnarError) -> Row {
        precondition(row.count == writer.fields.count, "the row is of another schema")
        return try SchemaEvolution.apply(steps, row, reader.fields)
    }

    private static func apply(
        _ steps: [Step], _ values: [Value], _ fields: [Field]
    ) throws(ColumnarError) -> [Value] {
        var result: [Value] = []
        result.reserveCapacity(steps.count)
        for (step, field) in zip(steps, fields) {
            switch step {
            case .absent: result.append(.null)
            case .same(let position): result.append(values[position])
            case .changed(let position, let change):
                result.append(try apply(change, values[position], field))
            }
        }
        return result
    }

    private static func apply(
        _ change: Change, _ value: Value, _ field: Field
    ) throws(ColumnarError) -> Value {
        switch (change, value) {
        case (_, .null):
            guard field.isNullable else {
                throw .unsupported(reason: "field \(field.name) is null in an older row")
            }
            return .null
        case (.none, _): return value
        case (.integer, _):
            guard let number = value.integer else { break }
            return try Value(checking: number, of: field)
        case (.unit(let old, let new), _):
            guard let number = value.integer else { break }
            let (scaled, overflow) = number.multipliedReportingOverflow(by: new.rawValue)
            guard !overflow else {
                // As wide as the product may be.
                let (units, rest) = (Int128(number) * Int128(new.rawValue))
                    .quotientAndRemainder(dividingBy: Int128(old.rawValue))
                guard rest == 0, let units = Int64(exactly: units) else {
                    throw Value.misfit(value, field)
                }
                return try Value(checking: units, of: field)
            }
            guard scaled % old.rawValue == 0 else { throw Value.misfit(value, field) }
            return try Value(checking: scaled / old.rawValue, of: field)
        case (.checked, _):
            guard value.matches(field.type) else { throw Value.misfit(value, field) }
            return value
        case (.bytes, .bytes(let bytes)):
            guard case .uuid = field.type else { return value }
            guard bytes.count == 16 else { throw Value.misfit(value, field) }
            return .uuid(UniqueIdentifier(bytes: bytes))
        case (.bytes, .uuid(let identifier)): return .bytes(identifier.bytes)
        case (.vector, .array(let elements)):
            let vector = Value.vector(
                elements.compactMap { if case .float(let number) = $0 { number } else { nil } })
            guard vector.matches(field.type), !elements.contains(.null) else {
                throw Value.misfit(value, field)
            }
            return vector
        case (.double, .float(let number)): return .double(Double(number))
        case (.elements(let change), .array(let elements)):
            let element = field.type.children[0]
            var changed: [Value] = []
            changed.reserveCapacity(elements.count)
            for value in elements { changed.append(try apply(change, value, element)) }
            return .array(changed)
        case (.values(let change), .map(let entries)):
            let type = field.type.children[1]
            var changed: [MapEntry] = []
            changed.reserveCapacity(entries.count)
            for entry in entries {
                changed.append(MapEntry(entry.key, try apply(change, entry.value, type)))
            }
            return .map(changed)
        case (.fields(let steps), .row(let values)):
            return .row(try apply(steps, values, field.type.children))
        default: break
        }
        throw .invalidValue(reason: "\(value) is no value that field \(field.name) was written as")
    }
}

/// Finds for each field of a reader's schema what of the writer's it comes from.
private struct Matching {
    /// Whether the writer's types are those of a file format.
    let isStored: Bool

    func steps(
        from writer: [Field], to reader: [Field], in path: String
    ) throws(ColumnarError) -> [SchemaEvolution.Step] {
        var steps: [SchemaEvolution.Step] = []
        for field in reader {
            let name = path + field.name
            guard let position = writer.firstIndex(where: { $0.identifier == field.identifier })
            else {
                guard field.isNullable else {
                    throw .unsupported(reason: "column \(name) has no value in an older row")
                }
                steps.append(.absent)
                continue
            }
            let change = try change(from: writer[position].type, to: field.type, of: name)
            let isSame =
                change == .none && writer[position].type == field.type
                && (field.isNullable || !writer[position].isNullable)
            steps.append(isSame ? .same(position) : .changed(position, change))
        }
        return steps
    }

    func change(
        from old: DataType, to new: DataType, of name: String
    ) throws(ColumnarError) -> SchemaEvolution.Change {
        if old == new { return .none }
        switch (old, new) {
        case (.tinyint, .smallint), (.tinyint, .int), (.tinyint, .bigint), (.smallint, .int),
            (.smallint, .bigint), (.int, .bigint):
            return .integer
        case (.float, .double): return .double
        case (.decimal(let digits, let scale), .decimal(let moreDigits, let newScale))
        where digits <= moreDigits && scale == newScale:
            return .none
        case (.char, .string), (.binary, .bytes): return .none
        case (.vector(let dimension, _), .vector(let newDimension, _))
        where dimension == newDimension:
            return .none
        case (.char(let length), .char(let longer)) where length <= longer: return .none
        case (.array(let old), .array(let new))
        where old.elementIdentifier == new.elementIdentifier || isStored:
            return .elements(try change(from: old.element, to: new.element, of: name + ".element"))
        case (.map(let old), .map(let new))
        where isStored
            || old.keyIdentifier == new.keyIdentifier
                && old.valueIdentifier == new.valueIdentifier:
            guard try change(from: old.key, to: new.key, of: name + ".key") == .none else { break }
            return .values(try change(from: old.value, to: new.value, of: name + ".value"))
        case (.row(let old), .row(let new)):
            return .fields(try steps(from: old.fields, to: new.fields, in: name + "."))
        default: if isStored, let change = storedChange(from: old, to: new) { return change }
        }
        throw .unsupported(reason: "column \(name) was written as \(old), which is no \(new)")
    }

    /// How a file's type becomes the one that was stored as it; nil if it was not.
    private func storedChange(
        from old: DataType, to new: DataType
    ) -> SchemaEvolution.Change? {
        switch (old, new) {
        case (.int, .tinyint), (.int, .smallint): return .integer
        case (.string, .char), (.bytes, .binary): return .checked
        case (.bytes, .uuid), (.binary(16), .uuid), (.uuid, .binary(16)), (.uuid, .bytes):
            return .bytes
        case (.time(let old), .time(let new)), (.timestamp(let old), .timestamp(let new)),
            (.timestampLTZ(let old), .timestampLTZ(let new)):
            let (old, new) = (TimeUnit(precision: old), TimeUnit(precision: new))
            return old == new ? SchemaEvolution.Change.none : .unit(from: old, to: new)
        case (.array(let array), .vector) where array.element == .float: return .vector
        default:
            // Files say how values are stored, not of which type of ours they are.
            let (oldForm, newForm) = (old.typeDescription, new.typeDescription)
            return oldForm.arrow == newForm.arrow && oldForm.parquet == newForm.parquet
                ? SchemaEvolution.Change.none : nil
        }
    }
}

extension Value {
    fileprivate static func misfit(_ value: Value, _ field: Field) -> ColumnarError {
        .unsupported(reason: "field \(field.name) holds \(value), which is no \(field.type)")
    }

    fileprivate init(checking number: Int64, of field: Field) throws(ColumnarError) {
        let bits = field.type.storage.fixedByteCount.map { $0 * 8 } ?? 64
        let fits = bits >= 64 || (number >> Int64(bits - 1) == 0 || number >> Int64(bits - 1) == -1)
        guard fits else { throw Value.misfit(.bigint(number), field) }
        self.init(integer: number, of: field.type)
        guard matches(field.type) else { throw Value.misfit(self, field) }
    }
}

// MARK: - Batches

extension SchemaEvolution {
    /// A batch of the writer's schema under the reader's; unchanged columns are not copied.
    ///
    /// Precondition: it has the writer's columns.
    public func batch(_ batch: RecordBatch) throws(ColumnarError) -> RecordBatch {
        precondition(
            batch.columns.count == writer.fields.count, "the batch is of another schema")
        let columns = try SchemaEvolution.apply(
            steps, batch.columns, reader.fields, count: batch.rowCount)
        for (field, column) in zip(reader.fields, columns)
        where !field.isNullable && column.nullCount > 0 {
            throw .unsupported(
                reason: "column \(field.name) has \(column.nullCount) nulls, but must have none")
        }
        return RecordBatch(
            schema: reader, rowCount: batch.rowCount, columns: columns)
    }

    private static func apply(
        _ steps: [Step], _ columns: [ColumnVector], _ fields: [Field], count: Int
    ) throws(ColumnarError) -> [ColumnVector] {
        var result: [ColumnVector] = []
        result.reserveCapacity(steps.count)
        for (step, field) in zip(steps, fields) {
            switch step {
            case .absent: result.append(ColumnVector(nulls: count, of: field.type))
            case .same(let position): result.append(columns[position])
            case .changed(let position, let change):
                result.append(try apply(change, columns[position], field))
            }
        }
        return result
    }

    private static func apply(
        _ change: Change, _ column: ColumnVector, _ field: Field
    ) throws(ColumnarError) -> ColumnVector {
        let type = field.type
        switch change {
        case .none where type.storage == column.storage: return column.retyped(type)
        case .none, .integer, .double, .unit, .checked, .bytes, .vector:
            var builder = ColumnVectorBuilder(type: type, capacity: column.count)
            for position in 0..<column.count {
                let value = column.value(at: position)
                if value.isNull {
                    builder.appendNull()
                } else {
                    try builder.append(try apply(change, value, field))
                }
            }
            return builder.finish()
        case .elements(let change):
            let element = try apply(change, column.children[0], type.children[0])
            return try column.replacing(children: [element], type)
        case .values(let change):
            let values = try apply(change, column.children[1], type.children[1])
            return try column.replacing(
                children: [column.children[0].retyped(type.children[0].type), values], type)
        case .fields(let steps):
            let children = try apply(
                steps, column.children, type.children, count: column.count)
            return try column.replacing(children: children, type)
        }
    }
}

extension ColumnVector {
    /// A column of nothing but nulls.
    public init(nulls count: Int, of type: DataType) {
        var builder = ColumnVectorBuilder(type: type, capacity: count)
        for _ in 0..<count { builder.appendNull() }
        self = builder.finish()
    }

    /// Throws `ColumnarError.corrupt` if a child is null where it must not be.
    ///
    /// Precondition: the children have as many values as the ones they replace.
    func replacing(
        children: [ColumnVector], _ type: DataType
    ) throws(ColumnarError) -> ColumnVector {
        let column = ColumnVector(
            trusted: type, count: count, nullCount: nullCount, validity: validity,
            offsets: offsets, data: data, children: children)
        try column.validate()
        return column
    }
}
