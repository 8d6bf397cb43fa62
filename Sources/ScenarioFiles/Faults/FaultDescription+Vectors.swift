extension FaultDescription {
    /// What befalls the vector database that sinks bring tables to.
    static let vectors: [FaultDescription] = [
        FaultDescription(
            "vectorServiceUnavailable", "the vector database takes no requests",
            isDrawnByNameAlone: true
        ) { _ in FaultKind("vectorServiceUnavailable", [:]) },
        rated(
            "vectorServiceThrottle", "the vector database asks to slow down", "requests",
            upTo: 800_000, isDrawnByNameAlone: true),
        unanswered(
            "vectorServiceOutcomeUnknown", "answers of the vector database get lost",
            upTo: 200_000, isDrawnByNameAlone: true),
        FaultDescription(
            "vectorServiceSlow", "each request to the vector database takes longer",
            [FaultFields.factor], shorthand: "factor", isDrawnByNameAlone: true
        ) { FaultKind("vectorServiceSlow", ["factor": .integer(2 + $0.number(below: 60))]) },
        // It is away as long as the fault lasts; what it had not confirmed is lost.
        FaultDescription(
            "vectorServiceRestart", "the vector database ends, and starts again",
            isDrawnByNameAlone: true
        ) { _ in FaultKind("vectorServiceRestart", [:]) },
    ]
}
