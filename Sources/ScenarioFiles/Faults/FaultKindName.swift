/// The name of a kind of fault, as files write it, through which its description is found.
public struct FaultKindName: Sendable, Hashable {
    public let rawValue: String

    /// Nil where no kind has this name.
    public init?(rawValue: String) {
        guard FaultDescription.named(rawValue) != nil else { return nil }
        self.rawValue = rawValue
    }

    init(_ description: FaultDescription) { rawValue = description.name }

    public var description: FaultDescription {
        guard let description = FaultDescription.named(rawValue) else {
            preconditionFailure("no kind of fault is called '\(rawValue)'")
        }
        return description
    }

    /// What it does, in a sentence for messages, the schema and lists.
    public var meaning: String { description.meaning }

    /// Whether it lasts for a time, rather than happen at one moment.
    public var lasts: Bool { description.lasts }

    /// Whether a server loses what it had stored, synced or not.
    public var losesData: Bool { description.losesData }
}

extension FaultKindName: CaseIterable {
    /// In the order of the reference.
    public static let allCases = FaultDescription.all.map { FaultKindName($0) }

    /// The kinds that a seed draws where a scenario names none: a strike needs a run whose
    /// operations are known.
    public static let drawable = drawableByName.filter { !$0.description.isDrawnByNameAlone }

    /// Those that a scenario may name to have them drawn.
    public static let drawableByName = FaultDescription.all.filter { $0.draw != nil }
        .map { FaultKindName($0) }
}

extension FaultKindName: ExpressibleByStringLiteral {
    /// Precondition: there is a kind of this name.
    public init(stringLiteral name: String) {
        precondition(
            FaultDescription.named(name) != nil, "no kind of fault is called '\(name)'")
        rawValue = name
    }
}
