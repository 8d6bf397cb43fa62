import Columnar

extension DataType {
    /// The type with the identifiers of a former one's fields, for nested fields that have none: in
    /// a row those of the same name are the same.
    ///
    /// Who writes a type down says names, not identifiers: without this a row that got a field
    /// would lose all that it had.
    func keepingIdentifiers(of former: DataType) -> DataType {
        switch (self, former) {
        case (.vector(let dimension, 0), .vector(_, let element)):
            return .vector(dimension: dimension, elementIdentifier: element)
        case (.array(var array), .array(let former)):
            if array.elementIdentifier == 0 { array.elementIdentifier = former.elementIdentifier }
            array.element = array.element.keepingIdentifiers(of: former.element)
            return .array(array)
        case (.map(var map), .map(let former)):
            if map.keyIdentifier == 0 { map.keyIdentifier = former.keyIdentifier }
            if map.valueIdentifier == 0 { map.valueIdentifier = former.valueIdentifier }
            map.key = map.key.keepingIdentifiers(of: former.key)
            map.value = map.value.keepingIdentifiers(of: former.value)
            return .map(map)
        case (.row(let row), .row(let former)):
            let fields = row.fields.map { field in
                guard
                    let old = former.fields.first(where: {
                        field.identifier == 0
                            ? $0.name == field.name : $0.identifier == field.identifier
                    })
                else { return field }
                var kept = field
                kept.identifier = old.identifier
                kept.type = field.type.keepingIdentifiers(of: old.type)
                return kept
            }
            return .row(RowType(fields))
        default: return self
        }
    }
}
