public import Columnar
import JSON

extension TableMetadata {
    /// Updates by which the current schema gets what became different between two schemas of the
    /// table's writer; none if it has all of it.
    ///
    /// Columns are told by their ids, also nested ones: what others added stays, and what they
    /// renamed, moved, dropped or widened stays so unless the writer changed just that.
    /// `IcebergError.unsupported` if two columns would have one name.
    public func following(
        from former: IcebergSchema, to next: IcebergSchema
    ) throws(IcebergError) -> [TableUpdate] {
        var updates = followingTypes(of: next)
        guard let present = schemaJSON(currentSchemaIdentifier)?["fields"]?.array else {
            throw .damaged(path: location, reason: "it lacks schema \(currentSchemaIdentifier)")
        }
        let fields = try JSONValue.fields(
            present, following: former.columns.fields, next.columns.fields)
        if fields != present {
            updates += changingFields(
                lastColumnIdentifier: max(lastColumnIdentifier, next.lastColumnIdentifier)
            ) { $0 = fields }
        }
        return updates
    }

    /// What Iceberg's words do not say of the types.
    private func followingTypes(of next: IcebergSchema) -> [TableUpdate] {
        let text = property(ExactTypes.property)
        var types = ExactTypes(text: text ?? "")
        types.adopt(next.columns.fields)
        if types.text == text { return [] }
        guard let followed = types.text else { return [.removeProperties([ExactTypes.property])] }
        return [.setProperties([JSONMember(ExactTypes.property, .string(followed))])]
    }
}

extension JSONValue {
    private var identifier: Int32? { self["id"]?.integer.flatMap { Int32(exactly: $0) } }

    /// The fields of a struct of a table, after what became different between two of a writer's.
    fileprivate static func fields(
        _ found: [JSONValue], following former: [Field], _ next: [Field]
    ) throws(IcebergError) -> [JSONValue] {
        let dropped = Set(former.map(\.identifier)).subtracting(next.map(\.identifier))
        var fields: [JSONValue] = []
        for field in found where !(field.identifier.map(dropped.contains) ?? false) {
            guard let new = next.first(where: { $0.identifier == field.identifier }),
                let old = former.first(where: { $0.identifier == field.identifier })
            else {
                fields.append(field)
                continue
            }
            fields.append(try field.field(following: old, new))
        }
        let kept = Set(former.map(\.identifier)).intersection(next.map(\.identifier))
        let (before, after) = (former.map(\.identifier), next.map(\.identifier))
        if before.filter(kept.contains) != after.filter(kept.contains) {
            fields = Self.ordered(fields, as: after)
        }
        for (position, field) in next.enumerated()
        where !kept.contains(field.identifier)
            && !fields.contains(where: { $0.identifier == field.identifier })
        {
            let earlier = Set(after[..<position])
            let place = fields.lastIndex { $0.identifier.map(earlier.contains) ?? false }
            fields.insert(field.icebergJSON, at: place.map { $0 + 1 } ?? 0)
        }
        var names: Set<String> = []
        for field in fields {
            guard let name = field["name"]?.string, !names.insert(name).inserted else { continue }
            throw .unsupported(
                reason: "two columns named \(name): another program added one; rename it, or drop "
                    + "it")
        }
        return fields
    }

    /// Fields in the order of some ids; those of other ids stay behind the ones before them.
    private static func ordered(_ fields: [JSONValue], as identifiers: [Int32]) -> [JSONValue] {
        var groups: [(rank: Int, fields: [JSONValue])] = [(-1, [])]
        for field in fields {
            if let rank = identifiers.firstIndex(where: { $0 == field.identifier }) {
                groups.append((rank, [field]))
            } else {
                groups[groups.count - 1].fields.append(field)
            }
        }
        return groups.sorted { $0.rank < $1.rank }.flatMap(\.fields)
    }

    private func field(following old: Field, _ new: Field) throws(IcebergError) -> JSONValue {
        var field = self
        if old.name != new.name { field.set("name", .string(new.name)) }
        if old.isNullable != new.isNullable { field.set("required", .bool(!new.isNullable)) }
        if old.type != new.type, let type = self["type"] {
            field.set("type", try type.type(following: old.type, new.type))
        }
        return field
    }

    private func type(following old: DataType, _ new: DataType) throws(IcebergError) -> JSONValue {
        if old == new { return self }
        var type = self
        switch (self["type"]?.string, old, new) {
        case ("struct", .row(let old), .row(let new)):
            let fields = self["fields"]?.array ?? []
            type.set("fields", .array(try Self.fields(fields, following: old.fields, new.fields)))
        case ("list", .array(let old), .array(let new)):
            guard let element = self["element"] else { break }
            type.set("element", try element.type(following: old.element, new.element))
            if old.isElementNullable != new.isElementNullable {
                type.set("element-required", .bool(!new.isElementNullable))
            }
        case ("map", .map(let old), .map(let new)):
            guard let value = self["value"] else { break }
            type.set("value", try value.type(following: old.value, new.value))
            if old.isValueNullable != new.isValueNullable {
                type.set("value-required", .bool(!new.isValueNullable))
            }
        default:
            // What others widened further stays.
            guard let name = string, let wanted = new.icebergJSON.string,
                DataType.isPromoted(name, to: wanted)
            else { break }
            return new.icebergJSON
        }
        return type
    }

    /// Gives a member of an object a value, in its place.
    private mutating func set(_ name: String, _ value: JSONValue) {
        guard case .object(var members) = self else { return }
        if let position = members.firstIndex(where: { $0.name == name }) {
            members[position].value = value
        } else {
            members.append(JSONMember(name, value))
        }
        self = .object(members)
    }
}

extension IcebergSchema {
    /// Why Iceberg does not let some columns become others; nil if it does (spec, "Schema
    /// Evolution").
    ///
    /// Types of one name there are the same, such as tinyint and int; int becomes long, float
    /// double, and a decimal gets more digits.
    public static func flaw(from former: [Field], to next: [Field]) -> String? {
        for field in next {
            guard let old = former.first(where: { $0.identifier == field.identifier }) else {
                if field.isNullable { continue }
                return "column \(field.name) is new, and older rows have no value there: let it be "
                    + "null"
            }
            if old.isNullable && !field.isNullable {
                return "column \(field.name) may be null in older rows, which Iceberg does not "
                    + "take back"
            }
            if old.type == field.type { continue }
            switch (old.type, field.type) {
            case (.row(let old), .row(let new)):
                if let flaw = flaw(from: old.fields, to: new.fields) { return flaw }
            case (.array, .array), (.map, .map):
                // Of what nests in a list or a map nothing comes or goes.
                if let flaw = flaw(from: old.type.children, to: field.type.children) {
                    return "in column \(field.name): \(flaw)"
                }
            default:
                guard let name = old.type.icebergJSON.string,
                    let wider = field.type.icebergJSON.string,
                    name == wider || DataType.isPromoted(name, to: wider)
                else {
                    return "column \(field.name): Iceberg makes no \(field.type) of a "
                        + "\(old.type)"
                }
            }
        }
        return nil
    }
}

extension DataType {
    /// Whether a type of one of Iceberg's names may become that of another.
    fileprivate static func isPromoted(_ name: String, to wider: String) -> Bool {
        switch (name, wider) {
        case ("int", "long"), ("float", "double"): return true
        default:
            guard case .decimal(let digits, let scale)? = scalar(iceberg: name),
                case .decimal(let more, let same)? = scalar(iceberg: wider)
            else { return false }
            return digits < more && scale == same
        }
    }
}
