extension FaultDescription {
    static let objectStore: [FaultDescription] = [
        FaultDescription(
            "objectStoreErrors", "requests to the object store get no answer",
            [
                FaultFields.rate("of the requests"), effect(byDefault: "either"),
            ], shorthand: "rate"
        ) {
            FaultKind(
                "objectStoreErrors",
                [
                    "rate": $0.rate(upTo: 300_000),
                    "effect": $0.word(of: ["before", "after", "either"]),
                ])
        },
        rated(
            "objectStoreThrottle", "the object store asks to slow down", "requests",
            upTo: 800_000),
        FaultDescription(
            "objectStoreSlow", "each request to the object store takes longer",
            [FaultFields.factor], shorthand: "factor"
        ) { FaultKind("objectStoreSlow", ["factor": .integer(2 + $0.number(below: 30))]) },
        // Nothing of a broken upload is ever seen.
        rated(
            "objectStoreTornUpload", "uploads to the object store break off in the middle",
            "requests", upTo: 300_000),
        FaultDescription(
            "objectStoreTail", "some requests to the object store take much longer",
            [FaultFields.rate("of the requests"), FaultFields.factor]
        ) {
            FaultKind(
                "objectStoreTail",
                [
                    "rate": $0.rate(upTo: 100_000),
                    "factor": .integer(10 + $0.number(below: 190)),
                ])
        },
    ]

    static let coordination: [FaultDescription] = [
        FaultDescription("coordinationUnavailable", "the coordination service does not answer") {
            _ in FaultKind("coordinationUnavailable", [:])
        },
        unanswered(
            "coordinationOutcomeUnknown", "answers of the coordination service get lost",
            upTo: 200_000),
        rated(
            "coordinationConflict", "a stranger writes to the coordination service first",
            "requests", upTo: 500_000),
        // A request that was given up meanwhile still takes its effect.
        FaultDescription(
            "coordinationTail", "some requests to the coordination service take much longer",
            [FaultFields.rate("of the requests"), FaultFields.factor], isDrawnByNameAlone: true
        ) {
            FaultKind(
                "coordinationTail",
                [
                    "rate": $0.rate(upTo: 300_000),
                    "factor": .integer(10 + $0.number(below: 1990)),
                ])
        },
        FaultDescription(
            "leaseExpiry", "the lease of a node ends before its time, once", [FaultFields.node],
            shorthand: "node", victims: .members, lasts: false
        ) { FaultKind("leaseExpiry", ["node": .node($0.server())]) },
        FaultDescription(
            "watchDelay", "events of watches arrive later",
            [FaultFields.by("how much later", "500ms")], shorthand: "by"
        ) {
            FaultKind(
                "watchDelay", ["by": .duration(.milliseconds(1 + $0.number(below: 3000)))])
        },
        // As when a watch is resumed from an older revision.
        rated("watchRepeat", "events of watches come again", "events", upTo: 500_000),
    ]

    /// One node's way to a service.
    static let cuts: [FaultDescription] = [
        FaultDescription(
            "serviceCut", "one node cannot reach a service that the others reach",
            [
                FaultFields.node,
                Field(
                    "service",
                    .choice([
                        Choice(name: "objectStore", meaning: "the object store"),
                        Choice(name: "coordination", meaning: "the coordination service"),
                        Choice(name: "lakeCatalog", meaning: "the catalog of the lake"),
                        Choice(name: "vectorService", meaning: "the vector database"),
                    ]), .required, "which service"),
                Field(
                    "direction",
                    .choice([
                        Choice(name: "both", meaning: "neither requests nor answers pass"),
                        Choice(name: "requests", meaning: "requests are lost"),
                        Choice(
                            name: "answers", meaning: "requests take effect, answers are lost"),
                    ]), .byDefault("both"), "what is lost"),
            ], victims: .anyNode
        ) {
            FaultKind(
                "serviceCut",
                [
                    "node": .node($0.node()),
                    "service": $0.word(of: ["objectStore", "coordination", "lakeCatalog"]),
                    "direction": $0.word(of: ["both", "requests", "answers"]),
                ])
        }
    ]

    static let strikes: [FaultDescription] = [
        // What `wavetank sweep` does to one operation after the other; a node that ended starts
        // again after 3 s.
        FaultDescription(
            "strike", "a crash or a lost answer at one operation of the run",
            [
                Field(
                    "place",
                    .choice([
                        Choice(name: "disk", meaning: "writes, syncs and changes of names"),
                        Choice(name: "network", meaning: "frames sent"),
                        Choice(name: "objectStore", meaning: "puts and deletes"),
                        Choice(name: "coordination", meaning: "transactions and leases"),
                        Choice(name: "lakeCatalog", meaning: "tables created and commits"),
                        Choice(name: "vectorService", meaning: "writes of points"),
                    ]), .required, "where operations are counted"),
                Field(
                    "operation", .integer(0...1_000_000_000), .required,
                    "its number, from 0, over all nodes and the whole run", example: "1234"),
                Field(
                    "effect",
                    .choice([
                        Choice(name: "crash", meaning: "its node's process ends"),
                        Choice(name: "powerLoss", meaning: "its node loses power"),
                        Choice(name: "lostAnswer", meaning: "a service's answer is lost"),
                    ]), .required, "what happens once it has taken effect"),
            ], lasts: false, draw: nil)
    ]

    /// One that befalls a share of what a service does.
    static func rated(
        _ name: String, _ meaning: String, _ what: String, upTo partsPerMillion: Int,
        isDrawnByNameAlone: Bool = false
    ) -> FaultDescription {
        FaultDescription(
            name, meaning, [FaultFields.rate("of the \(what)")], shorthand: "rate",
            isDrawnByNameAlone: isDrawnByNameAlone
        ) {
            FaultKind(
                FaultKindName(stringLiteral: name), ["rate": $0.rate(upTo: partsPerMillion)])
        }
    }

    /// A service that leaves in doubt what became of requests: they took effect, or not, or come to
    /// it late.
    static func unanswered(
        _ name: String, _ meaning: String, upTo partsPerMillion: Int,
        isDrawnByNameAlone: Bool = false
    ) -> FaultDescription {
        FaultDescription(
            name, meaning, [FaultFields.rate("of the requests"), effect(byDefault: "after")],
            shorthand: "rate", isDrawnByNameAlone: isDrawnByNameAlone
        ) {
            FaultKind(
                FaultKindName(stringLiteral: name),
                [
                    "rate": $0.rate(upTo: partsPerMillion),
                    "effect": $0.word(of: ["before", "after", "either"]),
                ])
        }
    }

    private static func effect(byDefault word: String) -> Field {
        Field(
            "effect",
            .choice([
                Choice(name: "before", meaning: "lost before they took effect"),
                Choice(name: "after", meaning: "they took effect, then the answer was lost"),
                Choice(name: "either", meaning: "either, at even odds"),
            ]), .byDefault(word), "whether the lost requests took effect")
    }
}
