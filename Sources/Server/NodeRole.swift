/// What a node of a cluster does.
public enum NodeRole: String, Sendable, Hashable, CaseIterable {
    case server, coordinator, tierer, indexer
    /// Answers programs that speak the Fluss protocol.
    case gateway
    /// Runs no part of the cluster: it asks, as applications do.
    case client
}
