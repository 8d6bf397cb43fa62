/// Which tables of a capture are replayed.
struct TableSelection {
    /// All of them when empty.
    var only: [String] = []
    var without: [String] = []

    /// Whether a table is replayed; it may be named in each of the ways that tell it apart.
    func includes(_ identity: TableIdentity) -> Bool {
        let names = Self.names(of: identity)
        if without.contains(where: names.contains) { return false }
        return only.isEmpty || only.contains(where: names.contains)
    }

    /// A name of the scenario that none of the tables has.
    func unknownName(among identities: [TableIdentity]) -> String? {
        let all = identities.flatMap(Self.names)
        return (only + without).first { !all.contains($0) }
    }

    private static func names(of identity: TableIdentity) -> [String] {
        identity.names + ["\(identity.schema ?? "public").\(identity.table)", identity.table]
    }
}
