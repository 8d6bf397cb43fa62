extension FaultDescription {
    /// Ends, stops and losses of processes and machines.
    static let processes: [FaultDescription] = [
        // The machine keeps running, so what the process wrote is still in the cache.
        FaultDescription(
            "crash", "the process ends and starts again after the fault", [FaultFields.node],
            shorthand: "node", victims: .anyNode
        ) { FaultKind("crash", ["node": .node($0.node())]) },
        // As one that a supervisor restarts in vain (systemd.service(5), `Restart=`;
        // "CrashLoopBackOff" of Kubernetes).
        FaultDescription(
            "crashLoop", "the process ends again and again",
            [
                FaultFields.node,
                Field(
                    "every", .duration(.milliseconds(100)...(.seconds(600))), .byDefault("2s"),
                    "how long it runs between two ends"),
            ], victims: .members
        ) {
            FaultKind(
                "crashLoop",
                [
                    "node": .node($0.node()),
                    "every": .duration(.milliseconds(200 + $0.number(below: 4000))),
                ])
        },
        // As when a whole cluster is upgraded by hand.
        FaultDescription(
            "restartAll", "all nodes but clients end at once and start again after the fault",
            isForAll: true, separates: { _ in true }
        ) { _ in FaultKind("restartAll", [:]) },
        // As an operator upgrades a cluster: the next node goes when the one before is up.
        FaultDescription(
            "rollingRestart", "one node after the other ends and starts again, while it lasts",
            [
                Field(
                    "role", .oneOrMany(.choice(restartable)), .byDefault("server"),
                    "which nodes, in this order"),
                Field(
                    "down", .duration(.milliseconds(10)...(.seconds(3600))), .byDefault("3s"),
                    "how long each is down"),
                Field(
                    "wait", .duration(.zero...(.seconds(3600))), .byDefault("5s"),
                    "between the start of one and the end of the next"),
            ], isForAll: true
        ) { draw in
            FaultKind(
                "rollingRestart",
                [
                    "down": .duration(.milliseconds(100 + draw.number(below: 5000))),
                    "wait": .duration(.milliseconds(draw.number(below: 5000))),
                ])
        },
        // It waits until every bucket has as many other copies in sync as an acknowledgement needs.
        FaultDescription(
            "nodeLoss", "the machine is lost with its disk, for good", [FaultFields.node],
            shorthand: "node", victims: .members, lasts: false, losesData: true
        ) { FaultKind("nodeLoss", ["node": .node($0.unlucky)]) },
        FaultDescription(
            "diskLoss", "the machine is down, and comes back with an empty disk",
            [FaultFields.node], shorthand: "node", victims: .servers, losesData: true
        ) { FaultKind("diskLoss", ["node": .node($0.unlucky)]) },
        FaultDescription(
            "configurationChange", "the server starts again with segments of another size",
            [
                FaultFields.node,
                Field(
                    "segmentBytes", .byteCount(4096...(1 << 30)), .required,
                    "at which a segment is sealed from then on", example: "64KiB"),
            ], victims: .servers
        ) {
            FaultKind(
                "configurationChange",
                [
                    "node": .node($0.server()),
                    "segmentBytes": .integer(16 * 1024 << $0.number(below: 7)),
                ])
        },
        // One that is down for another reason comes back as it was.
        FaultDescription(
            "upgrade",
            "the server starts again as the newest program, where it began as one of an earlier "
                + "`serverFormat`", [FaultFields.node], shorthand: "node", victims: .servers,
            draw: nil),
        FaultDescription(
            "powerLoss", "the machine loses power, and with it what was not synced",
            [FaultFields.node], shorthand: "node", victims: .members
        ) { FaultKind("powerLoss", ["node": .node($0.node())]) },
        // As in a long collection or a frozen virtual machine.
        FaultDescription(
            "pause", "the process stands still", [FaultFields.node], shorthand: "node",
            victims: .anyNode
        ) { FaultKind("pause", ["node": .node($0.node())]) },
    ]

    /// Up to two minutes and, once in eight, up to twelve days, forward or back.
    private static func clockJump(_ draw: any FaultDraw) -> CheckedValue.Content {
        if draw.number(below: 8) > 0 {
            return .duration(.milliseconds(draw.number(below: 240_001) - 120_000))
        }
        return .duration(.seconds(draw.number(below: 24 * 86_400 + 1) - 12 * 86_400))
    }

    private static let restartable = [
        Choice(name: "server", meaning: "tablet servers"),
        Choice(name: "coordinator", meaning: "coordinators"),
        Choice(name: "tierer", meaning: "nodes that commit to the lake"),
        Choice(name: "indexer", meaning: "nodes that index vectors"),
        Choice(name: "sink", meaning: "nodes that bring tables to a vector service"),
    ]

    static let clocks: [FaultDescription] = [
        // It stays there: nobody sets it right.
        FaultDescription(
            "clockStep", "the wall clock jumps, once",
            [
                FaultFields.node,
                Field(
                    "by", .duration(.seconds(-30 * 86_400)...(.seconds(30 * 86_400))), .required,
                    "how far the clock jumps; back if negative", example: "-5s"),
            ], victims: .anyNode, lasts: false
        ) {
            FaultKind(
                "clockStep",
                [
                    "node": .node($0.node()),
                    "by": clockJump($0),
                ])
        },
        FaultDescription(
            "clockDrift", "the clocks run fast or slow",
            [
                FaultFields.node,
                Field(
                    "partsPerMillion", .integer(-500_000...500_000), .required,
                    "how much too fast; slow if negative", example: "200"),
            ], victims: .anyNode
        ) {
            FaultKind(
                "clockDrift",
                [
                    "node": .node($0.node()),
                    "partsPerMillion": .integer($0.number(below: 40_001) - 20_000),
                ])
        },
    ]

    static let budgets: [FaultDescription] = [
        // As by the kernel in a control group (Linux, cgroup-v2.rst, `memory.max`); a supervisor
        // starts the process again.
        FaultDescription(
            "memoryBudget", "the process may hold so much memory and is killed if it holds more",
            [FaultFields.node, FaultFields.bytes("what its process may hold", "4MiB")],
            victims: .members
        ) {
            FaultKind(
                "memoryBudget",
                [
                    "node": .node($0.node()),
                    "bytes": .integer(32 * 1024 << $0.number(below: 9)),
                ])
        },
        // As by `ulimit -n` (getrlimit(2), RLIMIT_NOFILE): only closing a file makes room.
        FaultDescription(
            "fileLimit", "the process may have so many files open",
            [
                FaultFields.node,
                Field(
                    "files", .integer(0...1_000_000), .required, "files that may be open",
                    example: "24"),
            ], victims: .servers
        ) {
            FaultKind(
                "fileLimit",
                ["node": .node($0.server()), "files": .integer(4 << $0.number(below: 6))])
        },
        // As a machine with a noisy neighbour: what it does and what it sends takes longer.
        FaultDescription(
            "slowNode", "a node's disk and its messages take longer",
            [FaultFields.node, FaultFields.factor], victims: .anyNode
        ) {
            FaultKind(
                "slowNode",
                ["node": .node($0.node()), "factor": .integer(2 << $0.number(below: 8))])
        },
        // What happens between two steps is rare where they take a millisecond: see
        // `Observer.shouldDisturb`. Each seed has a quarter of the places.
        FaultDescription(
            "stepsApart", "at some places of the engine a step waits a while for the next one",
            draw: nil),
    ]
}
