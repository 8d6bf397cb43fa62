/// What may stand at one place of a scenario file.
///
/// The reader checks files against shapes and the JSON schema is generated from them, so that the
/// format is said once.
indirect enum Shape: Sendable {
    case text(maximumLength: Int)
    case integer(ClosedRange<Int>)
    case seed
    case boolean
    case duration(ClosedRange<Duration>)
    case byteCount(ClosedRange<Int>)
    case rate
    /// A part of the whole, counted in parts per million.
    case share
    case skew
    case speed
    /// A node by its name, or by what it does.
    case node
    /// What a fault waits for.
    case condition
    /// A column's name and type.
    case column
    /// A mapping of properties of a table, under Fluss's names, to their values.
    case properties
    case choice([Choice])
    case list(Shape, isEmptyAllowed: Bool)
    /// A list whose single item may stand without brackets.
    case oneOrMany(Shape)
    case record(RecordShape)
    case tagged(TaggedShape)
}

/// A word that may be chosen, and what it says.
struct Choice: Sendable {
    var name: String
    var meaning: String
}

/// One key of a mapping.
struct Field: Sendable {
    enum Presence: Sendable {
        case required
        case optional
        /// The text that is read when the key is absent.
        case byDefault(String)
        case emptyByDefault
    }

    var name: String
    var shape: Shape
    var presence: Presence
    var meaning: String
    /// A value as a file may write it, where the default or the shape's own would say too little.
    var ownExample: String?
    /// Between what a seed draws it, where a scenario asks for that, as a file writes it.
    var drawn: DrawnBounds?

    init(
        _ name: String, _ shape: Shape, _ presence: Presence, _ meaning: String,
        example: String? = nil
    ) {
        self.name = name
        self.shape = shape
        self.presence = presence
        self.meaning = meaning
        ownExample = example
    }

    /// The same, with bounds between which a seed may draw it.
    func drawn(_ low: String, _ high: String) -> Field {
        var field = self
        field.drawn = DrawnBounds(low: low, high: high)
        return field
    }

    /// A value as a file may write it.
    var example: String {
        if let ownExample { return ownExample }
        if case .byDefault(let text) = presence, !text.isEmpty { return text }
        return shape.example
    }
}

/// Two values between which one is drawn, evenly over their orders of magnitude.
struct DrawnBounds: Sendable {
    var low: String
    var high: String
}

/// A mapping with known keys.
struct RecordShape: Sendable {
    var fields: [Field]
    /// The field that a bare value stands for: `crash: server-1`.
    var shorthand: String?

    init(_ fields: [Field], shorthand: String? = nil) {
        precondition(
            shorthand == nil || fields.contains { $0.name == shorthand },
            "a shorthand for a field that is not there")
        self.fields = fields
        self.shorthand = shorthand
    }

    func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

/// A mapping in which exactly one key says what it is about: `{ at: 41s, crash: server-1 }`.
struct TaggedShape: Sendable {
    struct Variant: Sendable {
        var name: String
        var meaning: String
        var body: RecordShape
        /// Keys that stand beside the variant's own.
        var beside: [Field]
    }

    /// What to call it in a message.
    var noun: String
    var variants: [Variant]

    func variant(_ name: String) -> Variant? { variants.first { $0.name == name } }
}
