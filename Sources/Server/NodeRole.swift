/// What a node of a cluster does.
public enum NodeRole: String, Sendable, Hashable, CaseIterable {
    case server, coordinator, tierer, indexer
    /// Answers programs that speak the Fluss protocol.
    case gateway
    /// Brings tables to a vector service.
    case sink
    /// Runs no part of the cluster: it asks, as applications do.
    case client
}
