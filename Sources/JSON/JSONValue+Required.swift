extension JSONValue {
    /// A member that must be there, with the path that an error about it would name.
    public func required(_ name: String) throws(JSONError) -> JSONField {
        try JSONField(value: self, path: "").required(name)
    }

    /// A member that may be missing or null.
    public func optional(_ name: String) throws(JSONError) -> JSONField? {
        try JSONField(value: self, path: "").optional(name)
    }
}

/// A value and where it stands, so that errors can say so.
public struct JSONField: Hashable, Sendable {
    public let value: JSONValue
    public let path: String

    public init(value: JSONValue, path: String) {
        self.value = value
        self.path = path
    }

    public func required(_ name: String) throws(JSONError) -> JSONField {
        guard case .object = value else {
            throw .wrongType(path: path.isEmpty ? "the text" : path, expected: "an object")
        }
        guard let found = value[name] else { throw .missing(path: below(name)) }
        return JSONField(value: found, path: below(name))
    }

    public func optional(_ name: String) throws(JSONError) -> JSONField? {
        guard case .object = value else {
            throw .wrongType(path: path.isEmpty ? "the text" : path, expected: "an object")
        }
        guard let found = value[name], !found.isNull else { return nil }
        return JSONField(value: found, path: below(name))
    }

    public func string() throws(JSONError) -> String {
        guard let string = value.string else { throw wrong("a string") }
        return string
    }

    public func integer() throws(JSONError) -> Int64 {
        guard let integer = value.integer else { throw wrong("a whole number") }
        return integer
    }

    /// A whole number of a narrower type.
    public func integer<Number: FixedWidthInteger>(
        as type: Number.Type
    ) throws(JSONError) -> Number {
        guard let number = Number(exactly: try integer()) else {
            throw wrong("a number that fits \(type)")
        }
        return number
    }

    public func double() throws(JSONError) -> Double {
        guard let double = value.double else { throw wrong("a number") }
        return double
    }

    public func bool() throws(JSONError) -> Bool {
        guard let bool = value.bool else { throw wrong("true or false") }
        return bool
    }

    public func array() throws(JSONError) -> [JSONField] {
        guard let array = value.array else { throw wrong("an array") }
        return array.enumerated().map { JSONField(value: $1, path: "\(path)[\($0)]") }
    }

    public func members() throws(JSONError) -> [(name: String, field: JSONField)] {
        guard let members = value.object else { throw wrong("an object") }
        return members.map { ($0.name, JSONField(value: $0.value, path: below($0.name))) }
    }

    private func below(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func wrong(_ expected: String) -> JSONError {
        .wrongType(path: path.isEmpty ? "the text" : path, expected: expected)
    }
}
