extension FaultDescription {
    static let disks: [FaultDescription] = [
        FaultDescription(
            "diskSlow", "each disk operation takes longer", [FaultFields.node, FaultFields.factor],
            victims: .servers
        ) {
            FaultKind(
                "diskSlow",
                ["node": .node($0.server()), "factor": .integer(2 + $0.number(below: 30))])
        },
        FaultDescription(
            "diskFull", "nothing more fits on the disk", [FaultFields.node], shorthand: "node",
            victims: .servers
        ) { FaultKind("diskFull", ["node": .node($0.server())]) },
        FaultDescription(
            "diskBudget", "so many bytes fit on the disk",
            [FaultFields.node, FaultFields.bytes("what fits on the disk", "8MiB")],
            victims: .servers
        ) {
            FaultKind(
                "diskBudget",
                [
                    "node": .node($0.server()),
                    "bytes": .integer(64 * 1024 << $0.number(below: 9)),
                ])
        },
        // As with a bad cable (read(2), write(2): EIO).
        FaultDescription(
            "diskErrors", "operations of the disk fail",
            [
                FaultFields.node, FaultFields.rate("of the operations"),
                Field("operation", .choice(diskOperations), .byDefault("both"), "what fails"),
            ], victims: .servers
        ) {
            FaultKind(
                "diskErrors",
                [
                    "node": .node($0.server()), "rate": $0.rate(upTo: 20_000),
                    "operation": $0.word(of: ["read", "write", "both", "names", "any"]),
                ])
        },
        FaultDescription(
            "syncFailure", "syncs fail and may drop what they should have made safe",
            [FaultFields.node, FaultFields.rate("of the syncs")], victims: .servers,
            losesData: true
        ) {
            FaultKind(
                "syncFailure", ["node": .node($0.unlucky), "rate": $0.rate(upTo: 200_000)])
        },
    ]

    private static let diskOperations = [
        Choice(name: "read", meaning: "reads fail"),
        Choice(name: "write", meaning: "writes fail, perhaps done in part"),
        Choice(name: "both", meaning: "reads and writes fail"),
        Choice(
            name: "names",
            meaning: "opens, renames, removals, lists and syncs of folders fail, half of the "
                + "changes with their effect"),
        Choice(name: "any", meaning: "all of them fail"),
    ]

    /// What is wrong on a disk, and shows late.
    static let damages: [FaultDescription] = [
        damage("bitRot", "one bit at rest turns, once"),
        // At the next sync of such a file.
        damage("lostWrite", "a write that is acknowledged never reaches the medium, once"),
        damage("misdirectedWrite", "a write lands at another place of the disk, once"),
        FaultDescription(
            "unreadableSector",
            "a sector at rest cannot be read until it is written anew, once",
            [FaultFields.node, FaultFields.file], shorthand: "node", victims: .servers,
            lasts: false, losesData: true, damagesSilently: true
        ) { draw in
            FaultKind(
                "unreadableSector",
                [("node", .node(draw.unlucky))] + (draw.coin() ? [("file", .text(".log"))] : []))
        },
    ]

    private static func damage(_ name: String, _ meaning: String) -> FaultDescription {
        FaultDescription(
            name, meaning, [FaultFields.node, FaultFields.file], shorthand: "node",
            victims: .servers, lasts: false, losesData: true, damagesSilently: true
        ) {
            FaultKind(
                FaultKindName(stringLiteral: name),
                ["node": .node($0.unlucky), "file": .text(".log")])
        }
    }
}
