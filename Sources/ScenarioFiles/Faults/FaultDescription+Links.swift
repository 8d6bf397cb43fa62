extension FaultDescription {
    static let partitions: [FaultDescription] = [
        // One group alone is cut from all nodes outside it; services can still be reached.
        FaultDescription(
            "partition", "nothing passes between groups of nodes",
            [
                Field(
                    "node", .oneOrMany(.node), .optional, "the nodes to cut from all others",
                    example: "server-1"),
                Field(
                    "groups", .list(.list(.node, isEmptyAllowed: false), isEmptyAllowed: false),
                    .optional, "groups of nodes to cut from each other",
                    example: "[[server-1], [server-2, server-3]]"),
                Field(
                    "direction",
                    .choice([
                        Choice(name: "both", meaning: "nothing passes either way"),
                        Choice(name: "outgoing", meaning: "what the first group sends is lost"),
                        Choice(
                            name: "incoming", meaning: "what is sent to the first group is lost"),
                    ]), .byDefault("both"), "which way nothing passes"),
            ], shorthand: "node", victims: .anyNode
        ) {
            FaultKind(
                "partition",
                [
                    "groups": .items([.items([.node($0.node())])]),
                    "direction": $0.word(of: ["both", "outgoing", "incoming"]),
                ])
        },
        // Both halves can elect, with its vote (Jepsen's "bridge").
        FaultDescription(
            "bridgePartition", "two halves of the cluster meet at one node only",
            [FaultFields.node], shorthand: "node", victims: .anyNode, isForAll: true,
            separates: { _ in true }
        ) { FaultKind("bridgePartition", ["node": .node($0.node())]) },
        // No two nodes agree on who is there (Jepsen's "majorities ring").
        FaultDescription(
            "ringPartition", "each node sees its two neighbours only",
            [
                Field(
                    "nodes", .list(.node, isEmptyAllowed: false), .optional,
                    "the ring in its order, four or more; all but clients when absent",
                    example: "[server-1, server-2, server-3, coordinator-1]")
            ], shorthand: "nodes", victims: .anyNode, isForAll: true, separates: { _ in true }
        ) { _ in FaultKind("ringPartition", [:]) },
    ]

    static let links: [FaultDescription] = [
        FaultDescription(
            "linkDelay", "messages take longer",
            [
                FaultFields.anyNode, FaultFields.by("how much longer", "20ms"),
                Field(
                    "jitter", .duration(.zero...(.seconds(600))), .byDefault("0s"),
                    "up to how much more, drawn for each message"),
            ], victims: .anyNode
        ) {
            onLinks(
                "linkDelay", $0,
                [
                    "by": { _ in .duration(.milliseconds(20)) },
                    "jitter": { _ in .duration(.milliseconds(100)) },
                ])
        },
        FaultDescription(
            "linkReset", "messages get lost and break their connection",
            [FaultFields.anyNode, FaultFields.rate("of the messages")], shorthand: "rate",
            victims: .anyNode
        ) { onLinks("linkReset", $0, ["rate": { $0.rate(upTo: 20_000) }]) },
        FaultDescription(
            "linkClogged", "messages wait and come at the end of the fault", [FaultFields.anyNode],
            victims: .anyNode, separates: \.nodes.isEmpty
        ) { onLinks("linkClogged", $0, [:]) },
        FaultDescription(
            "linkSlow", "messages share little bandwidth",
            [
                FaultFields.anyNode,
                Field(
                    "bytesPerSecond", .byteCount(1024...(1 << 40)), .required,
                    "what a way carries in a second", example: "2MiB"),
            ], victims: .anyNode, separates: \.nodes.isEmpty
        ) {
            onLinks(
                "linkSlow", $0,
                ["bytesPerSecond": { .integer(16 * 1024 << $0.number(below: 7)) }])
        },
        // As through a proxy that sends a request again when its answer is late.
        FaultDescription(
            "linkDuplication", "messages come twice",
            [FaultFields.anyNode, FaultFields.rate("of the messages")], shorthand: "rate",
            victims: .anyNode
        ) { onLinks("linkDuplication", $0, ["rate": { $0.rate(upTo: 100_000) }]) },
        FaultDescription(
            "connectionReset", "all connections of a node break, once", [FaultFields.node],
            shorthand: "node", victims: .anyNode, lasts: false
        ) { FaultKind("connectionReset", ["node": .node($0.node())]) },
        // The other ends stay half-open until they send something.
        FaultDescription(
            "connectionForgotten", "a node's connections end, and nobody else is told, once",
            [FaultFields.node], shorthand: "node", victims: .anyNode, lasts: false
        ) { FaultKind("connectionForgotten", ["node": .node($0.node())]) },
        FaultDescription(
            "connectionForeign",
            "a program of others calls a node over a connection of its own, with calls that are "
                + "damaged, cut or unknown, and may never read an answer",
            [
                FaultFields.node,
                Field("calls", .integer(1...10_000), .byDefault("50"), "how many calls"),
            ], shorthand: "node", victims: .members, lasts: false, isDrawnByNameAlone: true
        ) {
            FaultKind(
                "connectionForeign",
                ["node": .node($0.node()), "calls": .integer(1 + $0.number(below: 100))])
        },
    ]

    /// On the links of one node or, as often, on all.
    private static func onLinks(
        _ name: FaultKindName, _ draw: any FaultDraw,
        _ parameters: KeyValuePairs<String, (any FaultDraw) -> CheckedValue.Content>
    ) -> FaultKind {
        let node = draw.coin() ? draw.node() : nil
        var kind = FaultKind(name, parameters.map { ($0.key, $0.value(draw)) })
        if let node { kind = kind.with(node: node) }
        return kind
    }
}
