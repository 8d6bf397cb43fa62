/// The name of an oracle, as a scenario's `checks` lists it.
public struct OracleName: RawRepresentable, Hashable, Sendable, CaseIterable,
    CustomStringConvertible
{
    public let rawValue: String

    /// Only names of oracles on the list are names.
    public init?(rawValue: String) {
        guard let known = OracleList.byName[rawValue] else { return nil }
        self = known.name
    }

    /// For the one description that gives an oracle its name.
    init(_ name: String) { rawValue = name }

    /// In the order of the list.
    public static var allCases: [OracleName] { OracleList.descriptions.map(\.name) }

    public var oracle: OracleDescription { OracleList.byName[rawValue]! }

    /// What the oracle holds to be true.
    public var meaning: String { oracle.meaning }

    public var description: String { rawValue }
}
