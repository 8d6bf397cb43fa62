public import Server

/// A value that was found to fit its shape, and where it stood.
public struct CheckedValue: Sendable {
    public indirect enum Content: Sendable, Hashable {
        case text(String)
        case integer(Int)
        case seed(UInt64)
        case boolean(Bool)
        case duration(Duration)
        case rate(EventRate)
        case skew(Skew)
        case node(NodeName)
        case reference(NodeReference)
        case condition(FaultCondition)
        case list([CheckedValue])
        case record(CheckedRecord)
        case tagged(CheckedVariant)
    }

    var mark: SourceMark?
    public var content: Content
}

/// A mapping whose keys were found to fit; the accessors may only be asked for what its shape has.
public struct CheckedRecord: Sendable {
    var mark: SourceMark?
    /// Only looked up by name, never walked.
    var values: [String: CheckedValue] = [:]
    /// False when something in it was refused, so that what follows from it says nothing.
    var isWhole = true

    public func has(_ name: String) -> Bool { values[name] != nil }

    func mark(_ name: String) -> SourceMark? { values[name]?.mark ?? mark }

    private func content(_ name: String) -> CheckedValue.Content {
        guard let value = values[name] else { preconditionFailure("no value for '\(name)'") }
        return value.content
    }

    public func text(_ name: String) -> String {
        guard case .text(let text) = content(name) else { unlike(name) }
        return text
    }

    public func integer(_ name: String) -> Int {
        guard case .integer(let integer) = content(name) else { unlike(name) }
        return integer
    }

    func seed(_ name: String) -> UInt64 {
        guard case .seed(let seed) = content(name) else { unlike(name) }
        return seed
    }

    public func boolean(_ name: String) -> Bool {
        guard case .boolean(let boolean) = content(name) else { unlike(name) }
        return boolean
    }

    public func duration(_ name: String) -> Duration {
        guard case .duration(let duration) = content(name) else { unlike(name) }
        return duration
    }

    public func rate(_ name: String) -> EventRate {
        guard case .rate(let rate) = content(name) else { unlike(name) }
        return rate
    }

    public func skew(_ name: String) -> Skew {
        guard case .skew(let skew) = content(name) else { unlike(name) }
        return skew
    }

    func condition(_ name: String) -> FaultCondition {
        guard case .condition(let condition) = content(name) else { unlike(name) }
        return condition
    }

    func list(_ name: String) -> [CheckedValue] {
        guard case .list(let items) = content(name) else { unlike(name) }
        return items
    }

    public func record(_ name: String) -> CheckedRecord {
        guard case .record(let record) = content(name) else { unlike(name) }
        return record
    }

    private func unlike(_ name: String) -> Never {
        preconditionFailure("the value of '\(name)' is not of the kind its shape says")
    }
}

/// A tagged mapping: which variant it is, that variant's body, and what stands beside it.
public struct CheckedVariant: Sendable, Hashable {
    var name: String
    var nameMark: SourceMark?
    var body: CheckedRecord
    var beside: CheckedRecord
}

/// Values are equal that say the same, wherever they stand.
extension CheckedValue: Hashable {
    public static func == (first: CheckedValue, second: CheckedValue) -> Bool {
        first.content == second.content
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(content) }
}

extension CheckedRecord: Hashable {
    public static func == (first: CheckedRecord, second: CheckedRecord) -> Bool {
        first.values == second.values
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension CheckedVariant {
    public static func == (first: CheckedVariant, second: CheckedVariant) -> Bool {
        first.name == second.name && first.body == second.body && first.beside == second.beside
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(body)
        hasher.combine(beside)
    }
}

extension CheckedValue.Content {
    /// A list of values that stand in no file.
    public static func items(_ items: [CheckedValue.Content]) -> CheckedValue.Content {
        .list(items.map { CheckedValue(mark: nil, content: $0) })
    }
}
